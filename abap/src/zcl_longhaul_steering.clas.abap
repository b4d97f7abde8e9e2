"! <p class="shorttext synchronized">longhaul: params of requests that steer others</p>
"! PROTOCOL 6. Each method raises MISSING_PARAM with the param that is missing or of another form.
CLASS zcl_longhaul_steering DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    TYPES:
      BEGIN OF credit,
        target TYPE string,
        up_to  TYPE zif_longhaul=>count,
      END OF credit,
      BEGIN OF resume,
        operation TYPE string,
        epoch     TYPE string,
        next      TYPE zif_longhaul=>count,
        offset    TYPE zif_longhaul=>count,
        "! In lower case
        sha256    TYPE string,
      END OF resume.

    "! The id that is to be cancelled
    CLASS-METHODS read_target
      IMPORTING params        TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(target) TYPE string
      RAISING   zcx_longhaul.

    CLASS-METHODS read_credit
      IMPORTING params        TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(credit) TYPE credit
      RAISING   zcx_longhaul.

    "! The key of an operation
    CLASS-METHODS read_key
      IMPORTING params     TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(key) TYPE string
      RAISING   zcx_longhaul.

    CLASS-METHODS read_resume
      IMPORTING params        TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(resume) TYPE resume
      RAISING   zcx_longhaul.

    "! Raises MISSING_PARAM for this param
    CLASS-METHODS refuse
      IMPORTING name TYPE string
      RAISING   zcx_longhaul.

  PRIVATE SECTION.
    CONSTANTS digest_length TYPE i VALUE 64.
    CLASS-METHODS read_count
      IMPORTING
        params       TYPE REF TO zcl_longhaul_json
        name         TYPE string
      RETURNING
        VALUE(count) TYPE zif_longhaul=>count
      RAISING
        zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_steering IMPLEMENTATION.


  METHOD read_count.
    DATA(value) = params->member( name ).
    IF value IS NOT BOUND OR value->is_count( ) = abap_false.
      refuse( name ).
    ENDIF.
    count = value->as_count( ).
  ENDMETHOD.


  METHOD read_credit.
    credit-target = read_target( params ).
    credit-up_to = read_count( params = params
                               name   = `upTo` ).
  ENDMETHOD.


  METHOD read_key.
    key = params->text_of( `operation` ).
    IF zcl_longhaul_request=>is_key( key ) = abap_false.
      refuse( `operation` ).
    ENDIF.
  ENDMETHOD.


  METHOD read_resume.
    resume-operation = read_key( params ).
    DATA(epoch) = params->member( `epoch` ).
    IF epoch IS NOT BOUND OR epoch->kind <> zcl_longhaul_json=>kinds-text.
      refuse( `epoch` ).
    ENDIF.
    resume-epoch = epoch->text.
    resume-next = read_count( params = params
                              name   = `nextSeq` ).
    IF resume-next = 0.
      refuse( `nextSeq` ).
    ENDIF.
    resume-offset = read_count( params = params
                                name   = `offset` ).
    resume-sha256 = to_lower( params->text_of( `sha256` ) ).
    IF strlen( resume-sha256 ) <> digest_length OR resume-sha256 CN `0123456789abcdef`.
      refuse( `sha256` ).
    ENDIF.
  ENDMETHOD.


  METHOD read_target.
    target = params->text_of( `target` ).
    IF zcl_longhaul_request=>is_id( target ) = abap_false.
      refuse( `target` ).
    ENDIF.
  ENDMETHOD.


  METHOD refuse.
    RAISE EXCEPTION TYPE zcx_longhaul
      EXPORTING
        code    = zif_longhaul=>code-missing_param
        message = |parameter { name } is required|.
  ENDMETHOD.
ENDCLASS.
