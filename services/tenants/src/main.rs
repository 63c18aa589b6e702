//! The tenants service as a process of its own.

use std::path::PathBuf;

use auth::{KeyEncryptionKey, Signer};
use clap::Parser;
use tenancy::Access;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves boroughs, organisations, API clients and tokens.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "TENFOLD_TENANTS_ADDR", default_value = "127.0.0.1:4001")]
    addr: String,
    /// The base of our public address: issuer and audience of tokens.
    #[arg(long, env = "TENFOLD_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// The private key tokens are signed with; made where it is not there.
    #[arg(long, env = "TENFOLD_TOKEN_KEY", default_value = "token-signing.pem")]
    token_key: PathBuf,
    /// What secrets that must be used again are kept encrypted under: 32 random bytes in base64.
    #[arg(long, env = "TENFOLD_KEY_ENCRYPTION_KEY", hide_env_values = true)]
    key_encryption_key: Option<String>,
    /// The key heads of audit trails are signed with; without one entries wait for their places.
    #[arg(long, env = "TENFOLD_AUDIT_KEY_FILE")]
    audit_key_file: Option<PathBuf>,
    /// The public keys they were signed with before, in base64url, with commas between.
    #[arg(long, env = "TENFOLD_AUDIT_KEYS_BEFORE", value_delimiter = ',')]
    audit_keys_before: Vec<String>,
    /// Whether addresses that callers give may be private ones, and plain HTTP: for trying things out on one machine.
    #[arg(long, env = "TENFOLD_ALLOW_PRIVATE_ADDRESSES", default_value_t = false, action = clap::ArgAction::Set)]
    allow_private_addresses: bool,
    /// Whether the database cluster is ours: then a callable `set_config` is fatal.
    #[arg(long, env = "TENFOLD_OWN_CLUSTER", default_value_t = false, action = clap::ArgAction::Set)]
    own_cluster: bool,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::tell_to_stderr();
    web::ended(run(Arguments::parse()).await.map_err(Into::into))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listener = web::listen(&arguments.addr).await?;
    let settings = tenants::Settings {
        access: Access::default().and_environment(tenants::ROLES.names())?,
        own_cluster: arguments.own_cluster,
        public_url: arguments.public_url,
        signer: Signer::load_or_create(&arguments.token_key)?,
        key_encryption_key: match arguments.key_encryption_key {
            Some(given) => KeyEncryptionKey::from_base64(&given)?,
            None => KeyEncryptionKey::load_or_create("key-encryption.key".as_ref())?,
        },
        allow_private_addresses: arguments.allow_private_addresses,
        audit_key: arguments.audit_key_file,
        audit_keys_before: arguments.audit_keys_before,
        clock: domain::Clock::System,
    };
    tenants::serve(listener, settings, web::stop_signal()).await
}
