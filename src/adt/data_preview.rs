//! The answer of data preview: a table, column by column.

use super::error::AdtAnswerError;
use super::xml::{Token, Tokens};

/// The rows of a table, each with the columns that were wanted, in that order.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    pub(super) rows: Vec<[String; N]>,
    /// How many rows there are, by what the server says, where it says that.
    pub(super) total: Option<u64>,
}

impl<const N: usize> Table<N> {
    /// Whether the table may have more rows than came when `max_rows` were asked for.
    pub(super) fn may_go_on(&self, max_rows: usize) -> bool {
        let came = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        self.rows.len() >= max_rows || self.total.is_some_and(|total| total > came)
    }
}

/// Reads the columns `wanted` of a table, at most `max_rows` values each.
///
/// *Shape*: `dataPreview:tableData` with `dataPreview:totalRows` and, for each column,
/// `dataPreview:columns`: in it `dataPreview:metadata`, whose attribute `dataPreview:name` is the
/// column's name, and `dataPreview:dataSet` with one `dataPreview:data` a row. Columns come in any
/// order; none at all is a table without rows.
pub(super) fn read<const N: usize>(
    body: &[u8],
    wanted: [&'static str; N],
    max_rows: usize,
) -> Result<Table<N>, AdtAnswerError> {
    let mut tokens = Tokens::of(body, "tableData")?;
    let (mut total, mut length) = (None, None);
    let mut found: [Option<Vec<String>>; N] = [const { None }; N];
    while tokens.depth() > 0 {
        let Token::Open(element) = tokens.next()? else { continue };
        if element.is("totalRows") {
            total = tokens.text()?.parse().ok();
        } else if element.is("columns") {
            let (name, values) = column(&mut tokens, max_rows)?;
            let expected = *length.get_or_insert(values.len());
            if values.len() != expected {
                return Err(AdtAnswerError::UnevenColumns { expected, got: values.len() });
            }
            for (column, place) in wanted.into_iter().zip(&mut found) {
                if column.eq_ignore_ascii_case(&name) && place.is_some() {
                    return Err(AdtAnswerError::Column { column, times: 2 });
                }
                if column.eq_ignore_ascii_case(&name) {
                    // No two of those that are wanted have the same name.
                    *place = Some(values);
                    break;
                }
            }
        }
    }
    let Some(length) = length else { return Ok(Table { rows: Vec::new(), total }) };
    let missing = wanted.into_iter().zip(&found).find(|(_, values)| values.is_none());
    if let Some((column, _)) = missing {
        return Err(AdtAnswerError::Column { column, times: 0 });
    }
    let mut columns = found.map(|values| values.unwrap_or_default().into_iter());
    let row = || columns.each_mut().map(|values| values.next().unwrap_or_default());
    let rows = std::iter::repeat_with(row).take(length).collect();
    Ok(Table { rows, total })
}

/// Reads the rest of an element `columns`: the column's name and its values.
fn column(
    tokens: &mut Tokens<'_>,
    max_rows: usize,
) -> Result<(String, Vec<String>), AdtAnswerError> {
    let (mut name, mut values) = (String::new(), Vec::new());
    let outside = tokens.depth().saturating_sub(1);
    while tokens.depth() > outside {
        let Token::Open(element) = tokens.next()? else { continue };
        if element.is("metadata") {
            name = element.attribute("name").unwrap_or_default();
        } else if element.is("data") {
            if values.len() >= max_rows {
                return Err(AdtAnswerError::TooManyRows { limit: max_rows });
            }
            values.push(tokens.text()?);
        }
    }
    Ok((name, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 10;

    fn column_of(name: &str, values: &[&str]) -> String {
        let data: Vec<_> = values.iter().map(|v| format!("<d:data>{v}</d:data>\n")).collect();
        let data = data.concat();
        format!(
            "<d:columns><d:metadata d:type=\"C\" d:name=\"{name}\"/><d:dataSet>{data}</d:dataSet></d:columns>"
        )
    }

    fn rows(inner: &str) -> Result<Vec<[String; 2]>, AdtAnswerError> {
        let body = format!("<d:tableData xmlns:d=\"x\">{inner}</d:tableData>");
        read(body.as_bytes(), ["A", "B"], MAX).map(|table| table.rows)
    }

    #[test]
    fn columns_come_in_any_order_among_others() {
        let table = format!(
            "<d:totalRows>2</d:totalRows>{}{}{}",
            column_of("B", &["x", " y "]),
            column_of("C", &["", ""]),
            column_of("a", &["1", "2"])
        );
        assert_eq!(rows(&table).unwrap(), [["1", "x"], ["2", "y"]]);
    }

    #[test]
    fn names_may_come_late_values_may_be_empty_and_prefixes_differ() {
        let body = "<tableData><columns><dataSet><data/><data></data><data>&amp;</data></dataSet>\
            <p:metadata xmlns:p=\"y\" p:name=\"A\"></p:metadata></columns></tableData>";
        let table = read(body.as_bytes(), ["A"], MAX).unwrap();
        assert_eq!(table.rows, [[""], [""], ["&"]]);
        assert!(!table.may_go_on(4) && table.may_go_on(3));
    }

    #[test]
    fn a_total_beyond_what_came_says_that_there_is_more() {
        let body = "<tableData><totalRows> 7 </totalRows></tableData>";
        assert!(read(body.as_bytes(), ["A"], MAX).unwrap().may_go_on(MAX));
    }

    #[test]
    fn a_table_without_columns_has_no_rows() {
        assert!(rows("").unwrap().is_empty());
        assert!(rows(&(column_of("A", &[]) + &column_of("B", &[]))).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_table_says_why() {
        let (a, b) = (column_of("A", &["1"]), column_of("B", &["1", "2"]));
        let error = |inner: &str| rows(inner).unwrap_err();
        assert!(matches!(
            error(&(a.clone() + &b)),
            AdtAnswerError::UnevenColumns { expected: 1, got: 2 }
        ));
        assert!(matches!(error(&a), AdtAnswerError::Column { column: "B", times: 0 }));
        assert!(matches!(
            error(&(b.clone() + &b)),
            AdtAnswerError::Column { column: "B", times: 2 }
        ));
        let long = column_of("A", &["1"; MAX + 1]);
        assert!(matches!(error(&long), AdtAnswerError::TooManyRows { limit: MAX }));
        assert!(matches!(error("<d:columns>"), AdtAnswerError::NotXml { .. }));
        let page = read(b"<html/>", ["A"], MAX).unwrap_err();
        assert!(matches!(page, AdtAnswerError::OtherDocument { .. }));
    }
}
