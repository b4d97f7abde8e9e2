//! Which objects an export or a check is asked for.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::proto::Skipped;
use crate::server::package::{Catalog, Object, label};
use crate::server::refusal::{Refusal, shown};

/// One object asked for.
#[derive(Debug)]
pub(in crate::server::domain) enum Item {
    Found(Arc<Object>),
    /// Asked for by type and name, and in no package.
    Missing {
        kind: String,
        name: String,
    },
}

impl Item {
    /// Reads `packages`, `includeSubpackages` and `objects`: each object once, in the order of the
    /// archive, missing ones last. A package that does not exist is refused with `code`.
    pub(in crate::server::domain) fn select(
        params: &Map<String, Value>,
        catalog: &Catalog,
        code: &'static str,
    ) -> Result<Vec<Self>, Refusal> {
        let wanted = list(params, "objects")?;
        let packages = Packages::read(params)?;
        if packages.names.is_empty() && wanted.is_empty() {
            return Err(missing("packages or objects"));
        }
        let mut found =
            packages.collect(code, |name, subpackages| catalog.objects_of(name, subpackages))?;
        let mut absent = BTreeSet::new();
        for object in wanted {
            let field = |key: &str| object.get(key)?.as_str().map(str::to_uppercase);
            let kind = field("type").ok_or_else(|| missing("objects[].type"))?;
            let name = field("name").ok_or_else(|| missing("objects[].name"))?;
            match catalog.object(&kind, &name) {
                Some(object) => found.push(object),
                None => _ = absent.insert((kind, name)),
            }
        }
        let found = in_order(found);
        let missing = absent.into_iter().map(|(kind, name)| Self::Missing { kind, name });
        Ok(found.into_iter().map(Self::Found).chain(missing).collect())
    }

    /// An export asks for it.
    pub(super) fn count_export(&self) {
        if let Self::Found(object) = self {
            object.count_export();
        }
    }

    /// Its type.
    pub(in crate::server::domain) fn kind(&self) -> &str {
        match self {
            Self::Found(object) => &object.kind,
            Self::Missing { kind, .. } => kind,
        }
    }

    /// What people call it, such as `CLAS ZCL_X`.
    pub(in crate::server::domain) fn label(&self) -> String {
        match self {
            Self::Found(object) => object.label(),
            Self::Missing { kind, name } => label(kind, name),
        }
    }

    /// The entry that says why it is not in the result.
    pub(in crate::server::domain) fn left_out(&self, reason: &dyn Display) -> Skipped {
        let (kind, name) = match self {
            Self::Found(object) => (&object.kind, &object.name),
            Self::Missing { kind, name } => (kind, name),
        };
        Skipped { kind: kind.clone(), name: name.clone(), reason: reason.to_string() }
    }
}

/// The packages that are asked for.
struct Packages<'a> {
    /// A package is looked up once, however often it is asked for.
    names: BTreeSet<&'a str>,
    with_subpackages: bool,
}

impl<'a> Packages<'a> {
    fn read(params: &'a Map<String, Value>) -> Result<Self, Refusal> {
        let names = list(params, "packages")?.iter();
        let names = names.map(|name| name.as_str().ok_or_else(|| missing("packages")));
        let names = names.collect::<Result<_, _>>()?;
        let with_subpackages = match params.get("includeSubpackages") {
            None | Some(Value::Null) => true,
            Some(value) => value.as_bool().ok_or_else(|| missing("includeSubpackages"))?,
        };
        Ok(Self { names, with_subpackages })
    }

    /// What `objects_of` finds in them; a package that does not exist is refused with `code`.
    fn collect(
        &self,
        code: &'static str,
        objects_of: impl Fn(&str, bool) -> Option<Vec<Arc<Object>>>,
    ) -> Result<Vec<Arc<Object>>, Refusal> {
        let mut found = Vec::new();
        for name in &self.names {
            let objects = objects_of(name, self.with_subpackages).ok_or_else(|| {
                let message = format!("package {} does not exist", shown(name));
                Refusal::new(code, message)
            })?;
            found.extend(objects);
        }
        Ok(found)
    }
}

/// The objects of the packages that the params name, the packages among them: each once, in the
/// order of the archive.
pub(super) fn listed(
    params: &Map<String, Value>,
    catalog: &Catalog,
) -> Result<Vec<Arc<Object>>, Refusal> {
    let packages = Packages::read(params)?;
    if packages.names.is_empty() {
        return Err(missing("packages"));
    }
    let listed = |name: &str, subpackages| catalog.listed(name, subpackages);
    Ok(in_order(packages.collect(Refusal::GIT_ERROR, listed)?))
}

/// Each object once, in the order of the archive.
fn in_order(mut found: Vec<Arc<Object>>) -> Vec<Arc<Object>> {
    // The first file is what no two objects have in common.
    let place = |object: &Object| {
        let file = object.files.first().map(|file| file.name.clone());
        (object.folder.to_string(), object.kind.clone(), object.name.clone(), file)
    };
    found.sort_by_cached_key(|object| place(object));
    found.dedup_by(|a, b| Arc::ptr_eq(a, b));
    found
}

fn list<'a>(params: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], Refusal> {
    match params.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| missing(key)),
    }
}

fn missing(param: &str) -> Refusal {
    Refusal::new(Refusal::MISSING_PARAM, format!("parameter {param} is missing or unusable"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn select(params: &Value) -> Result<Vec<String>, Refusal> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("$sub")).unwrap();
        for name in ["zb.prog.abap", "za.prog.abap", "$sub/zc.prog.abap"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let catalog = Catalog::scan(&[("$TOP".into(), folder.path().into())]).unwrap();
        let params = params.as_object().unwrap();
        let items = Item::select(params, &catalog, Refusal::ATC_ERROR)?;
        let shown = |item: &Item| match item {
            Item::Found(_) => item.label(),
            Item::Missing { .. } => format!("no {}", item.label()),
        };
        Ok(items.iter().map(shown).collect())
    }

    #[test]
    fn sub_packages_come_unless_they_are_refused() {
        let all = ["PROG ZC", "PROG ZA", "PROG ZB"];
        assert_eq!(select(&json!({"packages": ["$TOP"]})).unwrap(), all);
        assert_eq!(select(&json!({"packages": ["$TOP", "$SUB", "$TOP"]})).unwrap(), all);
        let alone = json!({"packages": ["$TOP"], "includeSubpackages": false});
        assert_eq!(select(&alone).unwrap(), ["PROG ZA", "PROG ZB"]);
    }

    #[test]
    fn objects_are_found_in_all_packages() {
        let object = |name: &str| json!({"type": "PROG", "name": name});
        let wanted = json!({"objects": [object("ZX"), object("ZC"), object("ZB"), object("ZX")]});
        assert_eq!(select(&wanted).unwrap(), ["PROG ZC", "PROG ZB", "no PROG ZX"]);
        let both = json!({"packages": ["$SUB"], "objects": [object("ZC")]});
        assert_eq!(select(&both).unwrap(), ["PROG ZC"]);
    }

    #[test]
    fn what_is_not_usable_is_named() {
        for params in [
            json!({}),
            json!({"packages": []}),
            json!({"packages": "$TOP"}),
            json!({"packages": [1]}),
            json!({"packages": ["$TOP"], "includeSubpackages": "true"}),
            json!({"objects": [{"type": "PROG"}]}),
            json!({"objects": ["PROG ZA"]}),
        ] {
            assert_eq!(select(&params).unwrap_err().code, Refusal::MISSING_PARAM, "{params}");
        }
        let error = select(&json!({"packages": ["$NONE"]})).unwrap_err();
        assert_eq!(error.code, Refusal::ATC_ERROR);
        assert!(error.message.contains("$NONE"));
    }
}
