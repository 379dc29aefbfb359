//! The database is away for a while: everybody is told to come back, and the
//! program goes on by itself when it is there again.

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use reqwest::Method;

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Reply, Server, Visitor},
    runtime,
};

/// While it lives nobody else can write to the database.
enum Outage {
    Locked(SqliteConnection),
    Renamed { administrator: PgConnection, name: String },
}

impl Outage {
    fn begin(server: &Server) -> Self {
        let url = server.database_url.as_str();
        if let Some(path) = url.strip_prefix("sqlite://") {
            let mut other = SqliteConnection::establish(path).unwrap();
            // The worker may be writing this very moment.
            other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").unwrap();
            return Self::Locked(other);
        }
        let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let postgres = std::env::var("TEST_POSTGRES_URL").unwrap();
        let mut administrator = PgConnection::establish(&postgres).unwrap();
        // PostgreSQL renames only what nobody is connected to, and nobody comes
        // in meanwhile; but the program may be back before it begins.
        let cut = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        let rename = format!("ALTER DATABASE {name} RENAME TO {name}_away");
        for _ in 0..5 {
            administrator.batch_execute(&cut).unwrap();
            if administrator.batch_execute(&rename).is_ok() {
                return Self::Renamed { administrator, name };
            }
        }
        panic!("{name} is always in use");
    }

    fn end(self) {
        match self {
            Self::Locked(mut other) => other.batch_execute("ROLLBACK").unwrap(),
            Self::Renamed { mut administrator, name } => {
                let back = format!("ALTER DATABASE {name}_away RENAME TO {name}");
                administrator.batch_execute(&back).unwrap();
            }
        }
    }
}

async fn new_captcha(visitor: &Visitor) -> Reply {
    visitor.send((Method::POST, "/api/v1/captchas"), None, None).await.unwrap()
}

#[test]
fn a_database_that_is_away_for_a_while_is_waited_for() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    runtime().block_on(async {
        let visitor = Visitor::new(&server.base);
        let outage = Outage::begin(&server);
        let refused = new_captcha(&visitor).await;
        assert!(refused.headers.contains_key("Retry-After"), "{}", refused.body);
        assert_eq!(refused.ok(503)["code"], "overloaded");
        visitor.get("/healthz").await.unwrap().ok(200);
        visitor.get("/api/v1/banks").await.unwrap().ok(200);
        outage.end();
        let mut tries = 0;
        while new_captcha(&visitor).await.status != 201 {
            tries += 1;
            assert!(tries < 4, "still away");
        }
        let person = Person::new(1);
        visitor.introduce(&person).await.unwrap();
        visitor.register(&person, "somebody").await.unwrap();
    });
}
