//! The data preview: rows of the tables that say what packages hold.

use std::io;

use hyper::StatusCode;
use quick_xml::events::BytesText;

use super::answer::{Answer, document, refused};
use super::select::Select;
use super::xml::{self, Xml};
use crate::server::delivery::wire_count;
use crate::server::package::Catalog;
use crate::server::state::State;

/// How many rows are given where the request does not say.
const DEFAULT_ROWS: usize = 100;

/// What a query gives, column by column; all columns are as long.
struct Table {
    /// Names, descriptions and values.
    columns: Vec<(&'static str, &'static str, Vec<String>)>,
}

/// Answers a query, which is the text of the request, with the rows that `rowNumber` allows.
pub(super) fn answer(query: &str, params: Option<&str>, state: &State) -> Answer {
    let params = form_urlencoded::parse(params.unwrap_or_default().as_bytes());
    let mut numbers = params.filter(|(name, _)| name == "rowNumber").map(|(_, value)| value);
    let most = match numbers.next().map(|number| number.parse::<u64>()) {
        None => DEFAULT_ROWS,
        Some(Ok(most)) => usize::try_from(most).unwrap_or(usize::MAX),
        Some(Err(_)) => return refused(StatusCode::BAD_REQUEST, "rowNumber is no number"),
    };
    let Some(select) = Select::read(query) else {
        return refused(StatusCode::BAD_REQUEST, "the query is not understood");
    };
    let mut table = Table::of(&select, &state.catalog);
    if state.script.lists_nothing() {
        table.limit(0);
    }
    let total = table.rows();
    table.limit(most);
    let content_type = "application/vnd.sap.adt.datapreview.table.v1+xml";
    document(content_type, table.write(total, query))
}

impl Table {
    fn of(select: &Select, catalog: &Catalog) -> Self {
        match select {
            Select::Objects(package) => {
                let mut objects = catalog.listed(package, false).unwrap_or_default();
                // The key of the table, but for its first field, which is the same for all.
                objects.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
                objects.retain(|object| *object.package == **package);
                let column = |value: fn(&crate::server::package::Object) -> &str| {
                    objects.iter().map(|object| value(object).to_owned()).collect()
                };
                let columns = vec![
                    ("OBJECT", "Object Type", column(|object| &object.kind)),
                    ("OBJ_NAME", "Object Name", column(|object| &object.name)),
                    ("DEVCLASS", "Package", column(|object| &object.package)),
                ];
                Self { columns }
            }
            Select::Subpackages(package) => {
                let names = catalog.subpackages_of(package).to_vec();
                Self { columns: vec![("DEVCLASS", "Package", names)] }
            }
        }
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, _, values)| values.len())
    }

    fn limit(&mut self, most: usize) {
        self.columns.iter_mut().for_each(|(_, _, values)| values.truncate(most));
    }

    fn write(&self, total: usize, query: &str) -> Vec<u8> {
        xml::document(|xml| {
            xml.create_element("dataPreview:tableData")
                .with_attribute(("xmlns:dataPreview", "http://www.sap.com/adt/dataPreview"))
                .write_inner_content(|xml| {
                    let total = wire_count(total).to_string();
                    xml::text(xml, "dataPreview:totalRows", &total)?;
                    xml::text(xml, "dataPreview:isHanaAnalyticalView", "false")?;
                    xml::text(xml, "dataPreview:executedQueryString", query)?;
                    xml::text(xml, "dataPreview:queryExecutionTime", "0.0")?;
                    let columns = &mut self.columns.iter();
                    columns.try_for_each(|(name, about, values)| column(xml, name, about, values))
                })
        })
    }
}

fn column(xml: &mut Xml, name: &str, about: &str, values: &[String]) -> io::Result<()> {
    let column = xml.create_element("dataPreview:columns");
    let column = column.write_inner_content(|xml| {
        xml.create_element("dataPreview:metadata")
            .with_attributes([
                ("dataPreview:name", name),
                ("dataPreview:type", "C"),
                ("dataPreview:description", about),
                ("dataPreview:keyAttribute", "false"),
                ("dataPreview:colType", ""),
                ("dataPreview:isKeyFigure", "false"),
            ])
            .write_empty()?;
        let rows = xml.create_element("dataPreview:dataSet").write_inner_content(|xml| {
            values.iter().try_for_each(|value| {
                let row = xml.create_element("dataPreview:data");
                row.write_text_content(BytesText::new(value)).map(drop)
            })
        });
        rows.map(drop)
    });
    column.map(drop)
}
