//! `shiming clients`: an operator registers business systems. What is printed
//! is JSON, as the API has it.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Outcome, counted, print_json, say};
use crate::{
    capabilities::{
        clients::{ClientState, Metadata},
        core::{Ctx, Tx},
    },
    features::client_registry::{self, OVERLAP_SECONDS, rotate_secret},
    kernel::ids::ClientId,
    tools::web::{Language, Problem},
};

/// What to do with business systems.
#[derive(Debug, Subcommand)]
pub(super) enum ClientsCommand {
    /// Register a business system; prints its id and its secret, which is shown
    /// once.
    Create(Box<New>),
    /// List business systems, the oldest first.
    List,
    /// Show a business system.
    Show {
        /// Its `client_id`.
        id: ClientId,
    },
    /// Replace what is known of a business system.
    ///
    /// When it is to see whole document numbers and saw masked ones, everybody's
    /// consent to it is withdrawn and its tokens for people end: they are asked
    /// anew. How many that were is said at the end.
    Update {
        /// Its `client_id`.
        id: ClientId,
        /// Its metadata, as "clients show" prints it under "metadata".
        #[arg(long)]
        file: PathBuf,
    },
    /// Give a business system another secret; prints it, once.
    RotateSecret {
        /// Its `client_id`.
        id: ClientId,
        /// Seconds that the secrets it has hold on.
        #[arg(long, default_value_t = OVERLAP_SECONDS)]
        overlap_seconds: u32,
    },
    /// Let a business system do nothing any more.
    Disable {
        /// Its `client_id`.
        id: ClientId,
    },
    /// Let a disabled business system do everything again.
    Enable {
        /// Its `client_id`.
        id: ClientId,
    },
}

/// A new business system: from a file, or from what is typed.
#[derive(Debug, Args)]
pub(super) struct New {
    /// Its metadata (JSON, with the names of RFC 7591); then nothing else is
    /// needed.
    #[arg(long, conflicts_with_all = ["name", "owner"])]
    file: Option<PathBuf>,
    /// What people call it.
    #[arg(long, required_unless_present = "file")]
    name: Option<String>,
    /// The same in English.
    #[arg(long)]
    name_en: Option<String>,
    /// Who runs it.
    #[arg(long, required_unless_present = "file")]
    owner: Option<String>,
    /// The same in English.
    #[arg(long)]
    owner_en: Option<String>,
    /// Its home page.
    #[arg(long)]
    uri: Option<String>,
    /// Where people are sent back to; may be given again and again.
    #[arg(long)]
    redirect_uri: Vec<String>,
    /// Where people may be sent after signing out; may be given again and again.
    #[arg(long)]
    post_logout_redirect_uri: Vec<String>,
    /// Where it is told that a session has ended.
    #[arg(long)]
    backchannel_logout_uri: Option<String>,
    /// The scopes it may ask for, separated by spaces.
    #[arg(long, default_value = "openid profile")]
    scope: String,
    /// How it gets tokens: `authorization_code`, `refresh_token`,
    /// `client_credentials`; when left out, what its scopes and redirect URIs
    /// need.
    #[arg(long)]
    grant_type: Vec<String>,
    /// How it proves itself: `client_secret_basic`, `client_secret_post`,
    /// `private_key_jwt` (with --file) or `none`.
    #[arg(long, default_value = "client_secret_basic")]
    auth_method: String,
    /// An API that it may get access tokens for; may be given again and again.
    #[arg(long)]
    resource: Vec<String>,
    /// An API that it is, and whose access tokens it may ask about; may be given
    /// again and again. With --scope "", it is nothing but that.
    #[arg(long)]
    resource_server_for: Vec<String>,
    /// Show it whole document numbers with the scope `realname`.
    #[arg(long)]
    full_document_number: bool,
}

impl New {
    fn metadata(&self) -> Result<Metadata, Box<dyn std::error::Error>> {
        if let Some(file) = &self.file {
            return read(file);
        }
        let mut metadata = Map::new();
        let mut set = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
        set("client_name", json!(self.name));
        set("client_name#en", json!(self.name_en));
        set("owner", json!(self.owner));
        set("owner#en", json!(self.owner_en));
        set("client_uri", json!(self.uri));
        set("redirect_uris", json!(self.redirect_uri));
        set("post_logout_redirect_uris", json!(self.post_logout_redirect_uri));
        set("backchannel_logout_uri", json!(self.backchannel_logout_uri));
        set("scope", json!(self.scope));
        set("grant_types", json!(self.grant_types()));
        set("token_endpoint_auth_method", json!(self.auth_method));
        set("resources", json!(self.resource));
        set("resource_server_for", json!(self.resource_server_for));
        set("document_number", json!(if self.full_document_number { "full" } else { "masked" }));
        Ok(serde_json::from_value(Value::Object(metadata))?)
    }

    fn grant_types(&self) -> Vec<String> {
        if !self.grant_type.is_empty() {
            return self.grant_type.clone();
        }
        let scopes = crate::capabilities::clients::Scopes::parse(&self.scope);
        let types = [
            ("authorization_code", !self.redirect_uri.is_empty()),
            ("refresh_token", scopes.has(crate::capabilities::clients::Scope::OfflineAccess)),
            ("client_credentials", scopes.0.iter().any(|scope| !scope.is_of_person())),
        ];
        types.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name.to_owned()).collect()
    }
}

fn read(file: &PathBuf) -> Result<Metadata, Box<dyn std::error::Error>> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let metadata = serde_json::from_slice(&text);
    Ok(metadata.map_err(|error| format!("{}: {error}", file.display()))?)
}

/// Why nothing was done, for somebody at a terminal.
fn refused(problem: &Problem) -> String {
    let (title, _) = problem.code().texts(Language::En);
    let fields = problem.field_codes();
    let fields: Vec<String> =
        fields.iter().map(|(pointer, code)| format!("\n  {pointer}: {code}")).collect();
    match std::error::Error::source(problem) {
        Some(fault) => format!("{title}: {fault}"),
        None => format!("{title}{}", fields.concat()),
    }
}

/// Does what was asked for.
pub(super) async fn run(ctx: Ctx, command: ClientsCommand) -> Outcome {
    let state = |id, state| client_registry::set_state(&ctx, id, state);
    let done = match command {
        ClientsCommand::Create(new) => {
            let metadata = new.metadata()?;
            let create = move |tx: &mut Tx<'_>| client_registry::create(tx, metadata);
            ctx.write(create).await.map(|made| json!(made))
        }
        ClientsCommand::List => client_registry::show_all(&ctx).await.map(|clients| json!(clients)),
        ClientsCommand::Show { id } => {
            client_registry::show(&ctx, id).await.map(|client| json!(client))
        }
        ClientsCommand::Update { id, file } => {
            let metadata = read(&file)?;
            let changed = client_registry::change(&ctx, id, metadata).await;
            changed.map(|(client, asked)| {
                if asked > 0 {
                    // Not among the JSON, which other programs read.
                    let anew = {
                        let people = counted(asked, ("person is", "people are"));
                        format!("{people} asked for their consent anew.")
                    };
                    say(&mut std::io::stderr(), &anew);
                }
                json!(client)
            })
        }
        ClientsCommand::RotateSecret { id, overlap_seconds } => {
            let rotate = move |tx: &mut Tx<'_>| rotate_secret(tx, id, overlap_seconds);
            ctx.write(rotate).await.map(|secret| json!(secret))
        }
        ClientsCommand::Disable { id } => {
            state(id, ClientState::Disabled).await.map(|client| json!(client))
        }
        ClientsCommand::Enable { id } => {
            state(id, ClientState::Enabled).await.map(|client| json!(client))
        }
    };
    print_json(&done.map_err(|problem| refused(&problem))?)
}
