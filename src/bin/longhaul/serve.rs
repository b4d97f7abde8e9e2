//! `longhaul serve`: the reference server, for tests and trials.

use std::time::Duration;

use longhaul::server::{Profile, Server, ServerBuilder};

use crate::args::{ProfileArg, ServeArgs, TalkArgs};
use crate::failure::Failure;
use crate::interrupt;
use crate::settings::process_environment;
use crate::{Done, output, password};

/// How long running transfers may keep the server from ending.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until it is told to stop.
pub(crate) fn run(args: &ServeArgs, talk: TalkArgs) -> Result<Done, Failure> {
    let builder = builder(args)?;
    interrupt::run(async |interruption| {
        let server = builder.bind(&args.listen).await?;
        output::lines(&[format!("http://{}", server.addr())]).await?;
        if !talk.quiet {
            output::note("serving until Ctrl+C");
        }
        interruption.wait().await;
        // Whoever does not let go by then is cut off when the program ends.
        let _ = tokio::time::timeout(GRACE, server.shutdown()).await;
        Ok(Done::Complete)
    })
}

fn builder(args: &ServeArgs) -> Result<ServerBuilder, Failure> {
    let profile = match args.profile {
        ProfileArg::Full => Profile::Full,
        ProfileArg::Seed => Profile::Seed,
        ProfileArg::Deployed => Profile::Deployed,
    };
    let mut builder = Server::builder().profile(profile).retain(args.retain, args.retain_size);
    if let Some(folder) = &args.retain_dir {
        builder = builder.retain_on_disk(folder);
    }
    for package in &args.package {
        builder = builder.package(&package.name, &package.folder);
    }
    if let Some(delay) = args.object_delay {
        builder = builder.object_delay(delay);
    }
    for (kind, cost) in &args.object_cost {
        builder = builder.object_delay_of(kind, *cost);
    }
    if let Some(sessions) = args.max_sessions {
        builder = builder.max_sessions(usize::try_from(sessions).unwrap_or(usize::MAX));
    }
    if let Some(limit) = args.request_limit {
        builder = builder.request_limit(limit);
    }
    if args.no_adt {
        builder = builder.without_adt();
    }
    if let Some(user) = &args.user {
        let variables = ["SAP_PASSWORD".to_owned()];
        let password = password::read(args.password, &process_environment, &variables, user)?;
        builder = builder.user(user, password);
    }
    Ok(builder)
}
