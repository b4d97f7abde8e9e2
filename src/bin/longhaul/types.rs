//! `longhaul types`: which object types the server can serialize.

use longhaul::ops::git::Types;

use crate::args::AskArgs;
use crate::failure::Failure;
use crate::{Done, connect, interrupt, output};

/// Prints the types, one a line.
pub(crate) fn run(args: &AskArgs) -> Result<Done, Failure> {
    let settings = connect::settings(&args.server, None)?;
    interrupt::block_on(async {
        let client = connect::connect(settings).await?;
        let types = client.run(Types).await?.output;
        if args.json {
            let report = serde_json::json!({ "count": types.len(), "types": types });
            output::object(&report).await?;
        } else {
            output::lines(&types).await?;
        }
        Ok(Done::Complete)
    })
}
