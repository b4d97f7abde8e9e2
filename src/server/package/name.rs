//! What file and folder names say about objects and packages.

/// What puts files together to one object; sorts as objects do in an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectKey {
    pub(super) kind: String,
    pub(super) name: String,
    /// The name of a file that stands for itself.
    alone: Option<String>,
}

impl ObjectKey {
    /// The object that a file of this name in this package belongs to.
    pub(super) fn of(file: &str, package: &str) -> Self {
        let mut parts = file.split('.');
        let first_three = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        match first_three {
            ("package", Some("devc"), Some("xml")) => {
                Self { kind: "DEVC".into(), name: package.into(), alone: None }
            }
            (name, Some(kind), rest) if !name.is_empty() && !kind.is_empty() => Self {
                kind: kind.to_uppercase(),
                name: object(name),
                alone: rest.is_none().then(|| file.into()),
            },
            _ => Self { kind: "FILE".into(), name: file.to_uppercase(), alone: Some(file.into()) },
        }
    }
}

/// The package that a folder of this name is; `#` stands for the slash of a namespace.
pub(super) fn package(folder: &str) -> String {
    object(folder)
}

fn object(text: &str) -> String {
    text.replace('#', "/").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_name_their_objects() {
        for (file, kind, name, alone) in [
            ("zcl_x.clas.abap", "CLAS", "ZCL_X", false),
            ("zcl_x.clas.testclasses.abap", "CLAS", "ZCL_X", false),
            ("#ns#cl_x.clas.xml", "CLAS", "/NS/CL_X", false),
            ("package.devc.xml", "DEVC", "$P", false),
            ("package.devc", "DEVC", "PACKAGE", true),
            ("readme.md", "MD", "README", true),
            ("LICENSE", "FILE", "LICENSE", true),
            ("odd..xml", "FILE", "ODD..XML", true),
            ("odd.", "FILE", "ODD.", true),
        ] {
            let key = ObjectKey::of(file, "$P");
            assert_eq!((key.kind.as_str(), key.name.as_str()), (kind, name), "{file}");
            assert_eq!(key.alone.is_some(), alone, "{file}");
        }
    }

    #[test]
    fn folders_name_their_packages() {
        assert_eq!(package("$demo_sub"), "$DEMO_SUB");
        assert_eq!(package("#ns#p"), "/NS/P");
    }
}
