//! A client as people see it, and what it sees of them, in plain words.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Client, NumberGrant, Scope, Scopes};
use crate::kernel::ids::ClientId;

/// A business system.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientView {
    #[schema(value_type = String, format = Uuid)]
    id: ClientId,
    /// What people call it.
    #[schema(example = "考生服务系统")]
    pub name: String,
    /// The same in English.
    #[schema(required, example = "Candidate service")]
    pub name_en: Option<String>,
    /// Who runs it.
    #[schema(example = "深圳市考试院")]
    pub owner: String,
    /// The same in English.
    #[schema(required, example = "Shenzhen Examinations Authority")]
    pub owner_en: Option<String>,
    /// Its home page.
    #[schema(required, example = "https://exam.example.gov.cn/")]
    pub uri: Option<String>,
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        let known = &client.metadata;
        Self {
            id: client.id,
            name: known.client_name.clone(),
            name_en: known.client_name_en.clone(),
            owner: known.owner.clone(),
            owner_en: known.owner_en.clone(),
            uri: known.client_uri.clone(),
        }
    }
}

/// Something that a client sees of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentItem)]
pub enum Item {
    /// The username.
    Username,
    /// Person or unit.
    UserType,
    /// The mobile number.
    Phone,
    /// The name.
    Name,
    /// The kind of document.
    DocumentType,
    /// The whole document number.
    DocumentNumber,
    /// The first and the last digits of the document number.
    DocumentNumberMasked,
    /// The sex.
    Gender,
    /// The date of birth.
    BirthDate,
    /// How and when all this was verified.
    Verification,
    /// What the unit is.
    Unit,
    /// All of it also while the person is not there.
    OfflineAccess,
}

impl Client {
    /// What the client sees of a person who grants it these scopes.
    pub fn items(&self, scopes: &Scopes) -> Vec<Item> {
        let number = match self.metadata.document_number {
            NumberGrant::Full => Item::DocumentNumber,
            NumberGrant::Masked => Item::DocumentNumberMasked,
        };
        let of = |scope: &Scope| match scope {
            Scope::Profile => vec![Item::Username, Item::UserType],
            Scope::Phone => vec![Item::Phone],
            Scope::RealName => vec![
                Item::Name,
                Item::DocumentType,
                number,
                Item::Gender,
                Item::BirthDate,
                Item::Verification,
            ],
            Scope::Unit => vec![Item::Unit],
            Scope::OfflineAccess => vec![Item::OfflineAccess],
            Scope::OpenId
            | Scope::UsersRead
            | Scope::IdentityCheck
            | Scope::WebhooksManage
            | Scope::ClientsManage => Vec::new(),
        };
        scopes.0.iter().flat_map(of).collect()
    }
}
