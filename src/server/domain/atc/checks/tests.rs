use super::*;

/// Line, priority and check of what is found.
fn found(text: &str) -> Vec<(u64, u8, &'static str)> {
    let findings = check("zray.prog.abap", text);
    findings.into_iter().map(|finding| (finding.line, finding.priority, finding.check)).collect()
}

const REPORT: &str = r#"*&---------------------------------------------------------------------*
*& Report ZRAY_DEMO: SELECT * and BREAK-POINT up here are no findings
*&---------------------------------------------------------------------*
REPORT zray_demo.

TYPE-POOLS abap.

DATA: lt_carr TYPE STANDARD TABLE OF scarr,
      ls_carr TYPE scarr, " TODO: read only what is shown
      lv_sum  TYPE i.

START-OF-SELECTION.
  SELECT * FROM scarr INTO TABLE lt_carr.

  LOOP AT lt_carr INTO ls_carr.
    MOVE ls_carr-carrid TO lv_sum.
    ADD 1 TO lv_sum.
    IF sy-uname = 'DEVELOPER'.
      BREAK-POINT.
    ENDIF.
    TRY.
        zcl_ray=>check( iv_text = |SELECT * { ls_carr-carrname }. BREAK-POINT.| ).
      CATCH cx_sy_zerodivide.
        " nothing can be done here
      CATCH cx_root INTO DATA(lx_root).
        MESSAGE lx_root TYPE 'E'.
    ENDTRY.
  ENDLOOP.
"#;

#[test]
fn a_report_gives_its_findings_by_line() {
    assert_eq!(
        found(REPORT),
        [
            (6, 3, "obsolete_statement"),
            (9, 3, "todo"),
            (13, 2, "select_all"),
            (16, 3, "obsolete_statement"),
            (17, 3, "obsolete_statement"),
            (18, 1, "hard_coded_user"),
            (19, 1, "breakpoint"),
            (23, 2, "empty_catch"),
        ]
    );
}

#[test]
fn a_clean_class_gives_none() {
    let class = r##"CLASS zcl_quote DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS compute IMPORTING iv_id TYPE zid RETURNING VALUE(rv_sum) TYPE i.
    METHODS add IMPORTING iv_add TYPE i.
ENDCLASS.

CLASS zcl_quote IMPLEMENTATION.
  METHOD compute.
    DATA(move) = 2 * rv_sum.
    SELECT id, price FROM zquote WHERE owner = @sy-uname INTO TABLE @DATA(lt_quote).
    SELECT COUNT( * ) FROM zquote INTO @rv_sum.
    compute( iv_id ).
    add( 1 ).
    move = rv_sum * move.
    MOVE-CORRESPONDING lt_quote TO lt_quote.
    REFRESH CONTROL 'TC' FROM SCREEN '0100'.
    BREAK-POINT ID zray_group.
    MESSAGE 'SELECT * FROM t. BREAK-POINT. It''s sy-uname = ''X''.' TYPE 'I'.
    lv_text = `MOVE a TO b. "TODO`. WRITE / 'TODO'.
    TRY.
        compute( iv_id ).
      CATCH cx_root ##NO_HANDLER.
    ENDTRY.
    TRY.
        compute( iv_id ).
      CATCH cx_root.                                    "#EC NO_HANDLER
    ENDTRY.
    CATCH SYSTEM-EXCEPTIONS conversion_errors = 1.
      lv_user = sy-uname.
    ENDCATCH.
  ENDMETHOD.
ENDCLASS.
"##;
    assert_eq!(found(class), []);
}

#[test]
fn lines_may_have_120_characters() {
    let line = |n: usize| format!("x = '{}'.\r\n", "ü".repeat(n - 7));
    assert_eq!(found(&line(120)), []);
    assert_eq!(found(&line(121)), [(1, 3, "line_length")]);
    assert_eq!(found(&format!("*{}\n  \"{}\n", "-".repeat(200), "-".repeat(200))), []);
    assert_eq!(found(&format!("x = 1. \"{}", "-".repeat(200))), [(1, 3, "line_length")]);
}

#[test]
fn every_way_to_select_all_columns() {
    for text in [
        "SELECT * FROM t INTO TABLE lt.",
        "select single * from t into ls where a = 1.",
        "SELECT DISTINCT * FROM t INTO TABLE @lt.",
        "SELECT SINGLE FOR UPDATE * FROM t INTO ls.",
        "SELECT FROM t FIELDS * INTO TABLE @lt.",
        "OPEN CURSOR c FOR SELECT * FROM t.",
        "WITH +t AS ( SELECT * FROM t ) SELECT a FROM +t INTO TABLE @lt.",
        "SELECT\n  * FROM t INTO TABLE lt.",
    ] {
        assert_eq!(found(text), [(1, 2, "select_all")], "{text}");
    }
    for text in [
        "SELECT a b FROM t INTO TABLE lt.",
        "SELECT MAX( a ) FROM t INTO x.",
        "x = select * 2.",
        "SELECT-OPTIONS s_a FOR t-a.",
        "fields = fields * 2.",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn users_are_compared_with_fixed_names() {
    for text in [
        "IF sy-uname = 'ME'.",
        "if ( a = 1 and SY-UNAME ne `ME` ).",
        "CHECK 'ME' EQ sy-uname.",
        "CASE sy-uname.",
        "SELECT a FROM t WHERE u = @sy-uname AND @syst-uname <> 'ME' INTO TABLE @lt.",
    ] {
        assert_eq!(found(text), [(1, 1, "hard_coded_user")], "{text}");
    }
    for text in ["x = sy-uname.", "IF sy-uname = lv_user.", "IF sy-uname IS INITIAL. x = 'ME'."] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn breakpoints_stay_out_of_the_source() {
    assert_eq!(found("x = 1. break-point."), [(1, 1, "breakpoint")]);
    assert_eq!(found("BREAK developer."), [(1, 1, "breakpoint")]);
    assert_eq!(found("BREAK-POINT 'somewhere'."), [(1, 1, "breakpoint")]);
    assert_eq!(found("BREAK-POINT ID zgroup.\n*BREAK-POINT.\n\"BREAK-POINT.\nbreak = 1."), []);
}

#[test]
fn obsolete_statements_are_told_from_names() {
    for text in [
        "MOVE a TO b.",
        "MOVE: a TO b,\n c TO d.",
        "MOVE a ?TO b.",
        "COMPUTE x = 1 + 1.",
        "SUBTRACT 1 FROM x.",
        "MULTIPLY x BY 2.",
        "DIVIDE x BY 2.",
        "REFRESH lt_a.",
        "ON CHANGE OF a.",
        "DEMAND a = b FROM CONTEXT c.",
    ] {
        assert_eq!(found(text), [(1, 3, "obsolete_statement")], "{text}");
    }
    for text in ["add = 1.", "add += 1.", "move( a ).", "MOVE EXACT a.", "divide-by = 2."] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn notes_are_words_of_comments() {
    assert_eq!(found("* FIXME(me): no\nx = 1. \"todo, later"), [(1, 3, "todo"), (2, 3, "todo")]);
    assert_eq!(found("\"TODO TODO"), [(1, 3, "todo")]);
    assert_eq!(found("* TODOS, mastodon, to do\nTODO = 1."), []);
}

#[test]
fn a_catch_with_a_statement_is_not_empty() {
    let catch = |body: &str| format!("TRY.\n a( ).\nCATCH cx_a\n cx_b.\n{body}\nENDTRY.");
    assert_eq!(found(&catch("")), [(3, 2, "empty_catch")]);
    assert_eq!(found(&catch("\" only a comment")), [(3, 2, "empty_catch")]);
    assert_eq!(found(&catch("CLEANUP. x = 1.")), [(3, 2, "empty_catch")]);
    assert_eq!(found(&catch("RETURN.")), []);
}

#[test]
fn only_abap_source_is_checked() {
    for name in ["zray.prog.xml", "abap", "zray.abap.txt", ""] {
        assert!(check(name, "BREAK-POINT.").is_empty(), "{name}");
    }
    assert_eq!(check("ZRAY.PROG.ABAP", "BREAK-POINT.").len(), 1);
}

#[test]
fn a_finding_is_written_as_the_protocol_has_it() {
    assert_eq!(
        serde_json::to_string(&check("a.abap", "\nBREAK-POINT.")).unwrap(),
        r#"[{"line":2,"priority":1,"check":"breakpoint","message":"BREAK-POINT left in the source"}]"#
    );
}

#[test]
fn odd_source_does_no_harm() {
    for text in ["", ".", "...", "'", "x = |{", "|{ |{ }", "}", "\"", "*", "`a\n`b.", "\u{feff}"] {
        check("a.abap", text);
    }
}
