"! <p class="shorttext synchronized">longhaul: atc.run</p>
"! Checks objects; each finding is a record, a line of JSON (PROTOCOL 10.5).
CLASS zcl_longhaul_op_check DEFINITION PUBLIC INHERITING FROM zcl_longhaul_op_objects FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING
        catalog   TYPE REF TO zif_longhaul_catalog
        authority TYPE REF TO zif_longhaul_authority
        checker   TYPE REF TO zif_longhaul_checker.

    METHODS zif_longhaul_operation~answer REDEFINITION.
    METHODS zif_longhaul_operation~finish REDEFINITION.
    METHODS zif_longhaul_operation~has_records REDEFINITION.
    METHODS zif_longhaul_operation~result REDEFINITION.

  PROTECTED SECTION.
    METHODS work REDEFINITION.
    METHODS more_state REDEFINITION.
    METHODS restore_more REDEFINITION.

  PRIVATE SECTION.
    DATA checker TYPE REF TO zif_longhaul_checker.
    "! How many objects were checked
    DATA checked TYPE i.
    "! Findings of priority 1, 2 and 3
    DATA worst TYPE i.
    DATA middle TYPE i.
    DATA least TYPE i.

    METHODS add_up
      IMPORTING finding TYPE zif_longhaul_checker=>finding.
    METHODS record
      IMPORTING
        object      TYPE zif_longhaul_catalog=>object
        finding     TYPE zif_longhaul_checker=>finding
      RETURNING
        VALUE(json) TYPE string.
ENDCLASS.



CLASS zcl_longhaul_op_check IMPLEMENTATION.


  METHOD constructor.
    super->constructor(
      catalog    = catalog
      authority  = authority
      error_code = zif_longhaul=>code-atc_error ).
    me->checker = checker.
  ENDMETHOD.


  METHOD add_up.
    CASE finding-priority.
      WHEN 1.
        worst = worst + 1.
      WHEN 2.
        middle = middle + 1.
      WHEN OTHERS.
        least = least + 1.
    ENDCASE.
  ENDMETHOD.


  METHOD more_state.
    json = |,"checked":{ checked },"worst":{ worst },"middle":{ middle },"least":{ least }|.
  ENDMETHOD.


  METHOD record.
    json = |\{"object":\{"type":{ zcl_longhaul_json=>quote( object-type ) }|
      && |,"name":{ zcl_longhaul_json=>quote( object-name ) }\}|.
    IF finding-file IS NOT INITIAL.
      json = |{ json },"file":{ zcl_longhaul_json=>quote( finding-file ) }|.
    ENDIF.
    IF finding-line > 0.
      json = |{ json },"line":{ finding-line }|.
    ENDIF.
    json = |{ json },"priority":{ finding-priority },"check":{ zcl_longhaul_json=>quote( finding-check ) }|
      && |,"message":{ zcl_longhaul_json=>quote( finding-message ) }\}|.
  ENDMETHOD.


  METHOD restore_more.
    checked = state->count_of( `checked` ).
    worst = state->count_of( `worst` ).
    middle = state->count_of( `middle` ).
    least = state->count_of( `least` ).
  ENDMETHOD.


  METHOD work.
    TRY.
        DATA(findings) = checker->check( object ).
      CATCH zcx_longhaul INTO DATA(error).
        leave_out( object = object
                   code   = COND #( WHEN error->code = zif_longhaul=>code-not_available
                                    THEN `NOT_CHECKED`
                                    ELSE `CHECK_ERROR` )
                   reason = error->message
                   sink   = sink ).
        RETURN.
      CATCH cx_root INTO DATA(unforeseen) ##CATCH_ALL.
        " Whatever a check lets through, declared or not, is the affair of its object.
        leave_out( object = object
                   code   = `CHECK_ERROR`
                   reason = zcx_longhaul=>unforeseen( unforeseen )->message
                   sink   = sink ).
        RETURN.
    ENDTRY.
    checked = checked + 1.
    LOOP AT findings INTO DATA(finding).
      add_up( finding ).
      sink->write( zcl_longhaul_codec=>to_utf8( |{ record( object  = object
                                                           finding = finding ) }\n| ) ).
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_operation~answer.
    IF payload IS NOT INITIAL.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-atc_error
          message = |{ worst + middle + least } findings need a stream|.
    ENDIF.
    data = zif_longhaul_operation~result( ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~finish.
    " All records are written.
    ASSERT sink IS BOUND.
  ENDMETHOD.


  METHOD zif_longhaul_operation~has_records.
    has_records = abap_true.
  ENDMETHOD.


  METHOD zif_longhaul_operation~result.
    data = |\{"objectCount":{ checked },"findingCount":{ worst + middle + least }|
      && |,"priorities":[{ worst },{ middle },{ least }],"skipped":{ skipped_as_json( ) }\}|.
  ENDMETHOD.
ENDCLASS.
