//! What else the handler does: checks, and what becomes of objects that fail.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use longhaul::ops::atc::{Priority, Run};
use longhaul::ops::git::{Export, Types};
use longhaul::{Client, Error};

use crate::host::{Host, PACKAGE, objects, small, url};
use crate::support::proxy::{Proxy, Spot};
use crate::support::{assert_holds, chain, chunks_of, deadline};

#[tokio::test]
async fn findings_come_one_by_one_and_are_counted() {
    let folder = objects(50);
    for number in [3, 17, 44] {
        let path = folder.path().join(format!("zcl_{number:04}.clas.abap"));
        fs::write(path, "REPORT z.\n\" TODO \u{e4} \"this\"\n\n* TODO\n").unwrap();
    }
    let Some(host) = Host::of_folder(folder.path(), &["--set", "slice_ms=1"]) else { return };
    for cut in [None, Some(Spot::frames_down(4))] {
        let proxy = Proxy::new(host.address).await;
        proxy.cut_next(cut);
        let client = deadline(Client::builder(url(proxy.address)).connect()).await.unwrap();
        let run = Run::packages([PACKAGE]);
        let transfer = deadline(client.start_with(run, chunks_of(1_000).window(1))).await.unwrap();
        let mut records = transfer.records();
        let mut findings = Vec::new();
        while let Some(finding) = deadline(records.next()).await {
            findings.push(finding.into_inner());
        }
        let recorded = deadline(records.finish()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
        let at: Vec<_> = findings.iter().map(|f| (f.object.name(), f.line.unwrap())).collect();
        let expected = ["ZCL_0003", "ZCL_0017", "ZCL_0044"].map(|name| [(name, 2), (name, 4)]);
        assert_eq!(at, expected.concat(), "{cut:?}");
        assert!(findings.iter().all(|finding| finding.priority == Priority::Information));
        assert_eq!((recorded.output.objects, recorded.output.findings), (50, 6));
        let skipped: Vec<_> =
            recorded.output.skipped.iter().map(|s| (&*s.kind, &*s.name)).collect();
        assert_eq!(skipped, [("DEVC", PACKAGE)], "nothing checks a package");
        assert_eq!(proxy.cuts(), u64::from(cut.is_some()));
    }
}

#[tokio::test]
async fn without_abapgit_only_exports_fail() {
    let Some(host) = Host::of_folder(&small(), &["--without-abapgit"]) else { return };
    let client = host.connect().await;
    let error = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap_err();
    let Error::Server { source, .. } = &error else { panic!("{}", chain(&error)) };
    assert_eq!(source.code, "NOT_AVAILABLE");
    assert!(source.message.contains("abapGit"), "{}", source.message);
    let checked = deadline(client.run(Run::packages([PACKAGE]))).await.unwrap();
    assert_eq!(checked.output.objects, 9, "classes and interfaces");
    deadline(client.ping()).await.unwrap();
}

#[tokio::test]
async fn an_older_abapgit_is_known_as_well() {
    let Some(host) = Host::of_folder(&small(), &["--old-abapgit"]) else { return };
    let client = host.connect().await;
    let completed = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(completed.payload.as_ref(), PACKAGE, &small());
    assert!(deadline(client.run(Types)).await.unwrap().output.contains(&"CLAS".to_owned()));
}

#[tokio::test]
async fn what_a_user_may_not_see_is_left_out() {
    let arguments = ["--forbid", "CLAS ZLH_CL_TARIFF_FLAT"];
    let Some(host) = Host::of_folder(&small(), &arguments) else { return };
    let client = host.connect_with(|builder| builder.basic("me", "secret")).await;
    let completed = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    let [skipped] = &completed.output.skipped[..] else { panic!("{:?}", completed.output.skipped) };
    assert_eq!(skipped.name, "ZLH_CL_TARIFF_FLAT");
    assert_eq!(completed.receipt.warnings[0].code.as_deref(), Some("NOT_AUTHORIZED"));
    assert!(!completed.output.files.iter().any(|file| file.path.contains("tariff_flat")));
}

#[tokio::test]
async fn a_package_that_does_not_exist_is_refused() {
    let Some(host) = Host::of_folder(&small(), &[]) else { return };
    let client = host.connect().await;
    let error = deadline(client.run(Export::packages(["$NOPE"]))).await.unwrap_err();
    let Error::Server { source, .. } = &error else { panic!("{}", chain(&error)) };
    assert_eq!((&*source.code, &*source.message), ("GIT_ERROR", "package $NOPE does not exist"));
}

#[tokio::test]
async fn an_export_for_one_answer_comes_in_it() {
    let Some(host) = Host::of_folder(&small(), &[]) else { return };
    let client = host.connect().await;
    let request = client.request("git", "export").param("packages", vec![PACKAGE]);
    let data: serde_json::Value = deadline(request.call()).await.unwrap();
    let archive = STANDARD.decode(data["zipBase64"].as_str().unwrap()).unwrap();
    assert_holds(&archive, PACKAGE, &small());
}
