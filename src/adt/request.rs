//! What is asked, as plain values.

use url::form_urlencoded;

/// What is asked for a token and cookies: small, always there where ADT is, and open to every
/// developer.
const DISCOVERY: &str = "/sap/bc/adt/core/discovery";
const DATA_PREVIEW: &str = "/sap/bc/adt/datapreview/freestyle";
const NODE_STRUCTURE: &str = "/sap/bc/adt/repository/nodestructure";

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Head,
    Get,
    Post,
}

/// A request to ADT. All of them read only, so asking again does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// Encoded, without the question mark; empty if there is none.
    pub(crate) query: String,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: String,
}

impl Request {
    /// Asks for nothing but a token, and the cookies that belong to it.
    pub(crate) fn token(method: Method) -> Self {
        Self {
            method,
            path: DISCOVERY,
            query: String::new(),
            headers: vec![("accept", "*/*"), ("x-csrf-token", "Fetch")],
            body: String::new(),
        }
    }

    /// Logs on, by what everyone who may log on can read.
    pub(crate) fn logon() -> Self {
        Self { headers: vec![("accept", "*/*")], ..Self::token(Method::Get) }
    }

    /// The objects of one package, from the table `TADIR`.
    pub(super) fn objects(package: &str, max_rows: usize) -> Self {
        let package = literal(package);
        Self::select(
            format!(
                "SELECT OBJECT, OBJ_NAME, DEVCLASS FROM TADIR \
                 WHERE PGMID = 'R3TR' AND DELFLAG = ' ' AND DEVCLASS = {package}"
            ),
            max_rows,
        )
    }

    /// The packages right below one, from the table `TDEVC`.
    pub(super) fn subpackages(package: &str, max_rows: usize) -> Self {
        let package = literal(package);
        Self::select(format!("SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = {package}"), max_rows)
    }

    fn select(statement: String, max_rows: usize) -> Self {
        Self {
            method: Method::Post,
            path: DATA_PREVIEW,
            query: format!("rowNumber={max_rows}"),
            headers: vec![("accept", "application/*"), ("content-type", "text/plain")],
            body: statement,
        }
    }

    /// What development tools show below one package.
    pub(super) fn nodes(package: &str) -> Self {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("parent_type", "DEVC/K")
            .append_pair("parent_name", package)
            .append_pair("withShortDescriptions", "true")
            .finish();
        Self {
            method: Method::Post,
            path: NODE_STRUCTURE,
            query,
            headers: vec![("accept", "application/vnd.sap.as+xml")],
            body: String::new(),
        }
    }
}

/// A text as ABAP SQL has it: quoted, its quotes doubled.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_s_name_stays_a_name() {
        let body = |package| Request::objects(package, 9).body;
        assert!(body("/NS/P").ends_with("AND DEVCLASS = '/NS/P'"));
        assert!(body("X' OR DEVCLASS <> '").ends_with("AND DEVCLASS = 'X'' OR DEVCLASS <> '''"));
        let request = Request::subpackages("$Z'", 9);
        assert_eq!(request.body, "SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = '$Z'''");
        assert_eq!(request.query, "rowNumber=9");
        assert_eq!(
            Request::nodes("/NS/P&parent_name=$TMP#").query,
            "parent_type=DEVC%2FK&parent_name=%2FNS%2FP%26parent_name%3D%24TMP%23\
             &withShortDescriptions=true"
        );
    }

    #[test]
    fn only_the_token_is_fetched() {
        let request = Request::token(Method::Head);
        assert!(request.headers.contains(&("x-csrf-token", "Fetch")));
        assert!(!Request::logon().headers.iter().any(|(name, _)| *name == "x-csrf-token"));
        assert_eq!((request.path, Request::logon().method), (DISCOVERY, Method::Get));
    }
}
