CLASS cl_abap_unit_assert DEFINITION PUBLIC ABSTRACT FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    CLASS-METHODS assert_equals
      IMPORTING
        act TYPE any
        exp TYPE any
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_true
      IMPORTING
        act TYPE abap_bool
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_false
      IMPORTING
        act TYPE abap_bool
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_bound
      IMPORTING
        act TYPE any
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_not_bound
      IMPORTING
        act TYPE any
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_initial
      IMPORTING
        act TYPE any
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS assert_char_cp
      IMPORTING
        act TYPE csequence
        exp TYPE csequence
        msg TYPE csequence OPTIONAL.
    CLASS-METHODS fail
      IMPORTING
        msg TYPE csequence OPTIONAL.
ENDCLASS.

CLASS cl_abap_unit_assert IMPLEMENTATION.
  METHOD assert_equals.
    IF act <> exp.
      WRITE '@KERNEL throw new Error("expected " + globalThis.longhaulNative.show(exp) + ", got " + globalThis.longhaulNative.show(act) + " " + (msg?.get?.() ?? ""));'.
    ENDIF.
  ENDMETHOD.

  METHOD assert_true.
    IF act <> abap_true.
      fail( msg ).
    ENDIF.
  ENDMETHOD.

  METHOD assert_false.
    IF act <> abap_false.
      fail( msg ).
    ENDIF.
  ENDMETHOD.

  METHOD assert_bound.
    IF act IS NOT BOUND.
      fail( msg ).
    ENDIF.
  ENDMETHOD.

  METHOD assert_not_bound.
    IF act IS BOUND.
      fail( msg ).
    ENDIF.
  ENDMETHOD.

  METHOD assert_initial.
    IF act IS NOT INITIAL.
      WRITE '@KERNEL throw new Error("not initial: " + globalThis.longhaulNative.show(act) + " " + (msg?.get?.() ?? ""));'.
    ENDIF.
  ENDMETHOD.

  METHOD assert_char_cp.
    IF act NP exp.
      WRITE '@KERNEL throw new Error("expected the pattern " + exp.get() + ", got " + act.get());'.
    ENDIF.
  ENDMETHOD.

  METHOD fail.
    WRITE '@KERNEL throw new Error("failed: " + (msg?.get?.() ?? ""));'.
  ENDMETHOD.
ENDCLASS.
