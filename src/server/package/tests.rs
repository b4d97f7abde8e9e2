use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with these files, each holding its own path.
fn folder(paths: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in paths {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, path).unwrap();
    }
    folder
}

fn scan(folder: &TempDir) -> Result<Catalog, ServerError> {
    Catalog::scan(&[("$demo".into(), folder.path().to_owned())])
}

fn labels(catalog: &Catalog, package: &str, subpackages: bool) -> Vec<String> {
    let objects = catalog.objects_of(package, subpackages).unwrap();
    objects.iter().map(|object| format!("{} {}", object.folder, object.label())).collect()
}

#[test]
fn files_are_grouped_and_folders_are_packages() {
    let folder = folder(&[
        "zcl_x.clas.abap",
        "zcl_x.clas.xml",
        "package.devc.xml",
        "README.md",
        ".git/config",
        ".hidden.txt",
        "$demo_b/zif_b.intf.abap",
        "#ns#a/deep/za.prog.abap",
    ]);
    let catalog = scan(&folder).unwrap();
    assert_eq!(
        labels(&catalog, "$demo", false),
        ["src/$demo CLAS ZCL_X", "src/$demo DEVC $DEMO", "src/$demo MD README"]
    );
    assert_eq!(
        labels(&catalog, "$DEMO", true),
        [
            "src/$demo CLAS ZCL_X",
            "src/$demo DEVC $DEMO",
            "src/$demo MD README",
            "src/$demo_b INTF ZIF_B",
            "src/deep PROG ZA",
        ]
    );
    assert_eq!(labels(&catalog, "/NS/A", true), ["src/deep PROG ZA"]);
    let class = catalog.object("CLAS", "ZCL_X").unwrap();
    let files: Vec<_> = class.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(files, ["zcl_x.clas.abap", "zcl_x.clas.xml"]);
    assert!(catalog.object("CLAS", "ZCL_Y").is_none());
    assert!(catalog.objects_of("$OTHER", true).is_none());
}

#[test]
fn files_of_the_same_name_but_for_case_stay_apart() {
    let folder = folder(&["a.txt", "A.txt", "b.txt"]);
    let expected = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(labels(&scan(&folder).unwrap(), "$DEMO", false).len(), expected);
}

#[test]
fn an_exported_folder_is_the_same_package_again() {
    let folder = folder(&[
        ".abapgit.xml",
        "README.md",
        "src/$demo/za.prog.abap",
        "src/$demo_b/zb.prog.abap",
        "src/zc.prog.abap",
    ]);
    let catalog = scan(&folder).unwrap();
    assert_eq!(
        labels(&catalog, "$DEMO", true),
        ["src/$demo PROG ZA", "src/$demo PROG ZC", "src/$demo_b PROG ZB"]
    );
}

#[test]
fn one_package_comes_from_one_folder() {
    let folder = folder(&["a/x/1.txt", "b/X/1.txt"]);
    let error = scan(&folder).unwrap_err();
    assert!(matches!(error, ServerError::DuplicatePackage { package, .. } if package == "X"));
    let own = self::folder(&["$demo/1.txt"]);
    assert!(matches!(scan(&own), Err(ServerError::DuplicatePackage { .. })));
}

#[test]
fn what_is_no_folder_is_refused() {
    let folder = folder(&["file"]);
    for name in ["file", "missing"] {
        let roots = [("$X".to_owned(), folder.path().join(name))];
        assert!(matches!(Catalog::scan(&roots), Err(ServerError::MissingFolder { .. })));
    }
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_left_out() {
    let target = folder(&["zsecret.prog.abap"]);
    let folder = folder(&["za.prog.abap"]);
    std::os::unix::fs::symlink(target.path(), folder.path().join("sub")).unwrap();
    let file = target.path().join("zsecret.prog.abap");
    std::os::unix::fs::symlink(file, folder.path().join("zb.prog.abap")).unwrap();
    assert_eq!(labels(&scan(&folder).unwrap(), "$DEMO", true), ["src/$demo PROG ZA"]);
}
