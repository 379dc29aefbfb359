//! Sealing fields anew after a key was added, in batches, while serving.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};

use super::{Conn, Db, DbFault};
use crate::{
    kernel::Entropy,
    tools::crypto::{Keyring, Place, sealed},
};

/// A column that holds sealed fields, and the column that names its rows.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// Its primary key.
    pub key: &'static str,
    /// The sealed column.
    pub column: &'static str,
}

const fn column(table: &'static str, column: &'static str) -> SealedColumn {
    SealedColumn { table, key: "id", column }
}

/// Every sealed column. A test compares this list with the migrations.
pub const SEALED_COLUMNS: [SealedColumn; 19] = [
    column("accounts", "name_sealed"),
    column("accounts", "document_number_sealed"),
    column("accounts", "birth_date_sealed"),
    column("accounts", "card_number_sealed"),
    column("accounts", "phone_sealed"),
    column("flows", "answers_sealed"),
    SealedColumn { table: "units", key: "account_id", column: "name_sealed" },
    SealedColumn { table: "units", key: "account_id", column: "credit_code_sealed" },
    SealedColumn { table: "units", key: "account_id", column: "legal_representative_sealed" },
    SealedColumn { table: "units", key: "account_id", column: "reason_sealed" },
    SealedColumn { table: "support_cases", key: "number", column: "body_sealed" },
    column("captchas", "answer_sealed"),
    column("outbox", "payload_sealed"),
    SealedColumn { table: "idempotency_keys", key: "key_hash", column: "reply_sealed" },
    SealedColumn {
        table: "authorization_requests",
        key: "request_hash",
        column: "parameters_sealed",
    },
    column("webhook_endpoints", "secret_sealed"),
    column("webhook_endpoints", "previous_secret_sealed"),
    column("sandbox_messages", "message_sealed"),
    column("sandbox_cardholders", "cardholder_sealed"),
];

/// Rows looked at in one transaction: short enough not to keep others waiting.
const BATCH: usize = 200;

#[derive(QueryableByName)]
struct Field {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

/// Seals every field anew that was sealed with an older key; returns how many.
pub async fn reseal_all(
    db: &Db,
    keyring: &std::sync::Arc<Keyring>,
    entropy: &std::sync::Arc<dyn Entropy>,
) -> Result<u64, DbFault> {
    let mut changed = 0;
    for place in SEALED_COLUMNS {
        let mut after = String::new();
        loop {
            let (keyring, entropy) = (keyring.clone(), entropy.clone());
            let batch = db
                .write(move |conn| reseal_batch(conn, place, &after, (&keyring, &*entropy)))
                .await?;
            changed += batch.changed;
            match batch.last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    Ok(changed)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many fields are sealed with a data key.
pub async fn sealed_with(db: &Db, data_key: u32) -> Result<u64, DbFault> {
    let mut all = 0;
    for SealedColumn { table, column, .. } in SEALED_COLUMNS {
        let count = move |conn: &mut Conn| -> Result<Count, DbFault> {
            let first = match conn {
                Conn::Postgres(_) => "$1",
                Conn::Sqlite(_) => "?",
            };
            let length = sealed::prefix(data_key).len();
            let query = sql_query(format!(
                "SELECT COUNT(*) AS number FROM {table} WHERE substr({column}, 1, {length}) = {first}"
            ));
            Ok(query.bind::<Binary, _>(sealed::prefix(data_key).to_vec()).get_result(conn)?)
        };
        all += db.read(count).await?.number.unsigned_abs();
    }
    Ok(all)
}

struct Batch {
    changed: u64,
    last: Option<String>,
}

fn reseal_batch(
    conn: &mut Conn,
    place: SealedColumn,
    after: &str,
    (keyring, entropy): (&Keyring, &dyn Entropy),
) -> Result<Batch, DbFault> {
    let SealedColumn { table, key, column } = place;
    let (first, second, third) = match conn {
        Conn::Postgres(_) => ("$1", "$2", "$3"),
        Conn::Sqlite(_) => ("?", "?", "?"),
    };
    let fields: Vec<Field> = sql_query(format!(
        "SELECT {key} AS id, {column} AS value FROM {table} \
         WHERE {key} > {first} AND {column} IS NOT NULL ORDER BY {key} LIMIT {BATCH}"
    ))
    .bind::<Text, _>(after)
    .load(conn)?;
    let mut batch = Batch { changed: 0, last: None };
    for field in fields {
        let place = Place { table, column, row: &field.id };
        if let Some(sealed) = keyring.reseal(place, &field.value, entropy)? {
            // Only when nobody changed the field meanwhile: what a request
            // writes now is sealed with the new key already.
            let updated = sql_query(format!(
                "UPDATE {table} SET {column} = {first} WHERE {key} = {second} AND {column} = {third}"
            ))
            .bind::<Binary, _>(sealed)
            .bind::<Text, _>(&field.id)
            .bind::<Binary, _>(&field.value)
            .execute(conn)?;
            batch.changed += updated as u64;
        }
        batch.last = Some(field.id);
    }
    Ok(batch)
}
