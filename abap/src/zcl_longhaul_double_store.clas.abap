"! <p class="shorttext synchronized">longhaul: a store in memory, in tests</p>
"! Keeps operations in memory, as the database would
CLASS zcl_longhaul_double_store DEFINITION PUBLIC FINAL FOR TESTING CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_store.
    DATA operations TYPE SORTED TABLE OF zlonghaul_oper WITH UNIQUE KEY opid READ-ONLY.
    "! Whether the database fails
    DATA is_broken TYPE abap_bool.
    "! Whether somebody else creates each operation a moment before
    DATA is_late TYPE abap_bool.
    METHODS constructor
      IMPORTING system TYPE REF TO zcl_longhaul_double_system.
    "! As if a session had come to this item, and not back, after others that did not either
    METHODS leave_item
      IMPORTING
        item  TYPE i
        tries TYPE i DEFAULT 1.
    METHODS change_state
      IMPORTING
        from TYPE string
        to   TYPE string.
  PRIVATE SECTION.
    TYPES:
      BEGIN OF part,
        opid  TYPE zlonghaul_oper-opid,
        chunk TYPE zif_longhaul=>slice,
      END OF part.
    DATA parts TYPE STANDARD TABLE OF part WITH EMPTY KEY.
    DATA system TYPE REF TO zcl_longhaul_double_system.
    METHODS fail_if_broken
      RAISING zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_double_store IMPLEMENTATION.


  METHOD constructor.
    me->system = system.
  ENDMETHOD.


  METHOD fail_if_broken.
    IF is_broken = abap_true.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-service_exception
          message = `the database does not keep operations`.
    ENDIF.
  ENDMETHOD.


  METHOD leave_item.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>).
      <operation>-item_no = item.
      <operation>-item_tries = tries.
    ENDLOOP.
  ENDMETHOD.


  METHOD change_state.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>).
      <operation>-state_json = replace( val  = <operation>-state_json
                                        sub  = from
                                        with = to ).
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~create.
    fail_if_broken( ).
    IF is_late = abap_true.
      RETURN.
    ENDIF.
    INSERT operation INTO TABLE operations.
    is_new = xsdbool( sy-subrc = 0 ).
  ENDMETHOD.


  METHOD zif_longhaul_store~read.
    fail_if_broken( ).
    operation = VALUE #( operations[ opid = opid ] OPTIONAL ).
  ENDMETHOD.


  METHOD zif_longhaul_store~attach.
    fail_if_broken( ).
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid.
      <operation>-session_id = session.
      <operation>-touched = now.
      <operation>-expires = expires.
      operation = <operation>.
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~save.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      is_mine = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>)
        WHERE opid = operation-opid AND session_id = operation-session_id.
      DATA(is_released) = <operation>-is_released.
      <operation> = operation.
      <operation>-is_released = is_released.
      is_mine = abap_true.
      LOOP AT chunks INTO DATA(chunk).
        APPEND VALUE #( opid  = operation-opid
                        chunk = chunk ) TO parts.
      ENDLOOP.
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~mark.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      is_mine = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid AND session_id = session.
      <operation>-item_no = item.
      <operation>-item_tries = tries.
      <operation>-touched = now.
      <operation>-expires = expires.
      is_mine = abap_true.
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~leave.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid AND session_id = session.
      CLEAR <operation>-session_id.
      <operation>-touched = now.
      <operation>-expires = expires.
      DATA(is_gone) = xsdbool( <operation>-is_released = abap_true OR <operation>-is_kept = abap_false ).
    ENDLOOP.
    IF is_gone = abap_true.
      zif_longhaul_store~free( opid ).
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_store~chunk.
    fail_if_broken( ).
    LOOP AT parts INTO DATA(part) WHERE opid = opid.
      IF part-chunk-seq = seq.
        chunk = part-chunk.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~free.
    fail_if_broken( ).
    DELETE operations WHERE opid = opid AND ( session_id = session OR session_id IS INITIAL ).
    is_free = xsdbool( sy-subrc = 0 ).
    IF is_free = abap_true.
      DELETE parts WHERE opid = opid.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_store~release.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid.
      <operation>-is_released = abap_true.
    ENDLOOP.
  ENDMETHOD.


  METHOD zif_longhaul_store~expire.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE expires < now.
      <operation>-status = zif_longhaul_store=>statuses-expired.
      CLEAR <operation>-session_id.
    ENDLOOP.
    DELETE operations WHERE status = zif_longhaul_store=>statuses-expired AND touched < forget.
  ENDMETHOD.


  METHOD zif_longhaul_store~limit.
    cl_abap_unit_assert=>assert_true( xsdbool( max_count > 0 AND max_bytes > 0 AND now > 0 AND user IS NOT INITIAL ) ).
  ENDMETHOD.


  METHOD zif_longhaul_store~count_working.
    LOOP AT operations INTO DATA(operation)
        WHERE uname = user AND status = zif_longhaul_store=>statuses-working.
      IF operation-session_id IS NOT INITIAL AND operation-touched >= since.
        count = count + 1.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.
ENDCLASS.
