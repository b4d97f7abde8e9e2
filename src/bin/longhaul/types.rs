//! `longhaul types`: which object types the server can serialize.

use longhaul::ops::git::Types;

use crate::args::AskArgs;
use crate::failure::Failure;
use crate::{Done, connect, output};

/// Prints the types, one a line.
pub(crate) fn run(args: &AskArgs) -> Result<Done, Failure> {
    let settings = connect::settings(&args.server, None)?;
    connect::with_client(settings, async |client, interruption| {
        let types = interruption.or_drop(client.run(Types)).await?.output;
        if args.json {
            let report = serde_json::json!({ "count": types.len(), "types": types });
            interruption.or_drop(output::object(&report)).await?;
        } else {
            interruption.or_drop(output::lines(&types)).await?;
        }
        Ok(Done::Complete)
    })
}
