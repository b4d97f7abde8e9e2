//! The same objects by every way, from the reference server.

use longhaul::ops::git::List;
use longhaul::server::{Profile, Script, Server, ServerBuilder};
use longhaul::{Client, ListError, ListedBy, Listing};

use super::support::{PACKAGE, chain, deadline, sample, small_sample};

/// What the packages of a server hold, by a client that is logged on.
async fn list_of(builder: ServerBuilder, packages: &[&str]) -> Result<Listing, ListError> {
    let server = deadline(builder.user("me", "s3cr3t").bind("127.0.0.1:0")).await.unwrap();
    let builder = Client::builder(server.url()).sap_client("001").basic("me", "s3cr3t");
    let client = deadline(builder.connect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    deadline(client.list(List::packages(packages))).await
}

fn server(profile: Profile, script: Script) -> ServerBuilder {
    Server::builder().package(PACKAGE, sample()).profile(profile).script(script)
}

#[tokio::test]
async fn every_way_leads_to_the_same_objects() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("#ns#sub");
    std::fs::create_dir(&below).unwrap();
    std::fs::write(folder.path().join("#ns#cl_x.clas.abap"), "").unwrap();
    std::fs::write(below.join("#ns#f.fugr.xml"), "").unwrap();
    let mut listings = Vec::new();
    for (profile, script, by) in [
        // The server's own list refuses packages that it does not know, and ADT does not.
        (Profile::Full, Script::new(), ListedBy::DataPreview),
        (Profile::Seed, Script::new(), ListedBy::DataPreview),
        (Profile::Deployed, Script::new().expire_token_after(1), ListedBy::DataPreview),
        (Profile::Seed, Script::new().no_token_by_head(), ListedBy::DataPreview),
        (Profile::Seed, Script::new().forbid_data_preview(), ListedBy::NodeStructure),
    ] {
        let builder = server(profile, script).package("/NS/P", folder.path());
        let listing = list_of(builder, &[PACKAGE, "/ns/p", "$NONE"]).await;
        let listing = listing.unwrap_or_else(|error| panic!("{}", chain(&error)));
        assert_eq!((listing.by, listing.empty), (by, vec!["$NONE".to_owned()]));
        listings.push(listing.objects);
    }
    let builder = server(Profile::Full, Script::new()).package("/NS/P", folder.path());
    let listing = list_of(builder, &[PACKAGE, "/ns/p"]).await.unwrap();
    assert_eq!((listing.by, listing.empty.len()), (ListedBy::Server, 0));
    assert!(listing.objects.len() > 70, "{}", listing.objects.len());
    let names: Vec<_> = listing.objects.iter().map(|o| o.key.to_string()).collect();
    for name in ["CLAS /NS/CL_X", "FUGR /NS/F", "DEVC /NS/SUB", "DEVC $DEMO"] {
        assert!(names.iter().any(|key| key == name), "{name} in {names:?}");
    }
    for other in listings {
        assert_eq!(other, listing.objects);
    }
}

#[tokio::test]
async fn packages_that_look_empty() {
    for script in [Script::new().list_nothing(), Script::new().list_nothing().forbid_data_preview()]
    {
        for profile in [Profile::Full, Profile::Seed] {
            let error = list_of(server(profile, script.clone()), &[PACKAGE]).await.unwrap_err();
            assert!(matches!(error, ListError::Empty { .. }), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_adt() {
    let builder = Server::builder().package(PACKAGE, small_sample()).profile(Profile::Seed);
    let error = list_of(builder.without_adt(), &[PACKAGE]).await.unwrap_err();
    assert!(matches!(error, ListError::Refused { .. } | ListError::Http { .. }), "{error:?}");
}
