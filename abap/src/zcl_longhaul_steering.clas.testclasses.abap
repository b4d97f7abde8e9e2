CLASS ltcl_steering DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    CONSTANTS key TYPE string VALUE `Wc3nP0wq7ZbE4m_Xk2TtRA`.
    CONSTANTS digest TYPE string VALUE `5E3235A8346E5A4585F8C58562F5052B8FE26A3BB122E1E96C76784964DFC461`.

    METHODS reads_controls FOR TESTING RAISING cx_static_check.
    METHODS reads_resume FOR TESTING RAISING cx_static_check.
    METHODS names_what_is_missing FOR TESTING.

    METHODS params
      IMPORTING json          TYPE string
      RETURNING VALUE(params) TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS assert_missing
      IMPORTING
        json TYPE string
        name TYPE string.
ENDCLASS.


CLASS ltcl_steering IMPLEMENTATION.

  METHOD reads_controls.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_steering=>read_target( params( `{"why":"enough","target":"git_1"}` ) )
      exp = `git_1` ).
    DATA(credit) = zcl_longhaul_steering=>read_credit( params( `{"upTo":12,"target":"git_1"}` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = credit-up_to
      exp = 12 ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_steering=>read_key( params( |\{"operation":"{ key }"\}| ) )
      exp = key ).
  ENDMETHOD.

  METHOD reads_resume.
    DATA(resume) = zcl_longhaul_steering=>read_resume( params(
      |\{"operation":"{ key }","epoch":"","nextSeq":2,"offset":6,"sha256":"{ digest }"\}| ) ).
    cl_abap_unit_assert=>assert_equals(
      act = resume-next
      exp = 2 ).
    cl_abap_unit_assert=>assert_equals(
      act = resume-offset
      exp = 6 ).
    cl_abap_unit_assert=>assert_equals(
      act = resume-sha256
      exp = to_lower( digest ) ).
    cl_abap_unit_assert=>assert_initial( resume-epoch ).
  ENDMETHOD.

  METHOD names_what_is_missing.
    DATA(start) = |\{"operation":"{ key }"|.
    assert_missing( json = `{"epoch":"e1","nextSeq":1,"offset":0}`
                    name = `operation` ).
    assert_missing( json = start && `,"epoch":1,"nextSeq":1,"offset":0}`
                    name = `epoch` ).
    assert_missing( json = start && `,"epoch":"e1","nextSeq":0,"offset":0}`
                    name = `nextSeq` ).
    assert_missing( json = start && `,"epoch":"e1","nextSeq":1,"offset":"0"}`
                    name = `offset` ).
    assert_missing( json = start && `,"epoch":"e1","nextSeq":1,"offset":0,"sha256":"12"}`
                    name = `sha256` ).
  ENDMETHOD.

  METHOD params.
    params = zcl_longhaul_json_reader=>read( json ).
  ENDMETHOD.

  METHOD assert_missing.
    TRY.
        zcl_longhaul_steering=>read_resume( params( json ) ).
        cl_abap_unit_assert=>fail( json ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->message
          exp = |parameter { name } is required| ).
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
