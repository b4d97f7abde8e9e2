"! Keeps what is sent
CLASS ltcl_messages DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES if_apc_wsp_message_manager.
    DATA texts TYPE string_table READ-ONLY.
    DATA fails TYPE abap_bool.
    METHODS has_sent
      IMPORTING part            TYPE string
      RETURNING VALUE(has_sent) TYPE abap_bool.
ENDCLASS.

CLASS ltcl_messages IMPLEMENTATION.

  METHOD if_apc_wsp_message_manager~create_message.
    CREATE OBJECT r_message TYPE cl_host_message.
  ENDMETHOD.

  METHOD if_apc_wsp_message_manager~send.
    IF fails = abap_true.
      RAISE EXCEPTION TYPE cx_apc_error.
    ENDIF.
    TRY.
        APPEND i_message->get_text( ) TO texts.
      CATCH cx_apc_error.
        APPEND `bytes` TO texts.
    ENDTRY.
  ENDMETHOD.

  METHOD has_sent.
    LOOP AT texts INTO DATA(text).
      IF text CS part.
        has_sent = abap_true.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.
ENDCLASS.


CLASS ltcl_apc DEFINITION FINAL FOR TESTING RISK LEVEL CRITICAL DURATION SHORT.
  PRIVATE SECTION.
    DATA handler TYPE REF TO zcl_longhaul_apc.
    DATA messages TYPE REF TO ltcl_messages.

    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS greets_and_answers FOR TESTING RAISING cx_static_check.
    METHODS works_when_woken FOR TESTING RAISING cx_static_check.
    METHODS sends_bytes FOR TESTING RAISING cx_static_check.
    METHODS puts_no_timer_off FOR TESTING RAISING cx_static_check.
    METHODS wakes_earlier_when_asked FOR TESTING RAISING cx_static_check.
    METHODS starts_a_lost_timer_again FOR TESTING RAISING cx_static_check.
    METHODS minds_no_timer_that_rings FOR TESTING RAISING cx_static_check.
    METHODS ends_without_a_timer FOR TESTING RAISING cx_static_check.
    METHODS rests_when_it_cannot_send FOR TESTING RAISING cx_static_check.
    METHODS frees_what_is_not_kept FOR TESTING RAISING cx_static_check.

    METHODS hear
      IMPORTING text TYPE string
      RAISING   cx_static_check.
    METHODS ring.
    METHODS export
      IMPORTING more TYPE string OPTIONAL
      RAISING   cx_static_check.
    METHODS assert_sent
      IMPORTING part TYPE string.
ENDCLASS.

CLASS ltcl_apc IMPLEMENTATION.

  METHOD setup.
    DATA package TYPE tdevc.
    package-devclass = '$TEST'.
    INSERT tdevc FROM package.
    WRITE '@KERNEL globalThis.longhaul = {serialize: () => ({files: [{name: "package.devc.xml", data: Buffer.from("x")}]})};'.
    cl_abap_timer_manager=>starts = 0.
    cl_abap_timer_manager=>fails_to_start = abap_false.
    cl_abap_timer_manager=>fails_to_stop = abap_false.
    messages = NEW #( ).
    handler = NEW #( ).
    handler->if_apc_wsp_extension~on_start( i_context         = VALUE #( )
                                            i_message_manager = messages ).
  ENDMETHOD.

  METHOD teardown.
    handler->if_apc_wsp_extension~on_close( i_reason       = ``
                                            i_code         = 1000
                                            i_context_base = VALUE #( ) ).
    DELETE FROM tdevc WHERE devclass = '$TEST'.
    cl_abap_timer_manager=>fails_to_start = abap_false.
    cl_abap_timer_manager=>fails_to_stop = abap_false.
    WRITE '@KERNEL delete globalThis.longhaul;'.
    DELETE FROM zlonghaul_oper WHERE opid <> space.
    DELETE FROM zlonghaul_part WHERE opid <> space.
  ENDMETHOD.

  METHOD greets_and_answers.
    assert_sent( `{"id":"welcome","success":true` ).
    hear( `{"id":"p","domain":"system","action":"ping"}` ).
    assert_sent( `{"id":"p","success":true,"data":{"pong":true` ).
    DATA(bytes) = NEW cl_host_message( ).
    bytes->if_apc_wsp_message~set_binary( CONV xstring( `00` ) ).
    handler->if_apc_wsp_extension~on_message( i_message         = bytes
                                              i_message_manager = messages
                                              i_context         = VALUE #( ) ).
    assert_sent( `{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"request is no text"` ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 0 ).
  ENDMETHOD.

  METHOD works_when_woken.
    export( ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 1 ).
    ring( ).
    ring( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD sends_bytes.
    export( `,"features":["binary"]` ).
    ring( ).
    ring( ).
    assert_sent( `bytes` ).
  ENDMETHOD.

  METHOD puts_no_timer_off.
    export( ).
    DO 3 TIMES.
      hear( `{"id":"p","domain":"system","action":"ping"}` ).
    ENDDO.
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 1 ).
  ENDMETHOD.

  METHOD wakes_earlier_when_asked.
    handler->zif_longhaul_connection~wake( 60000 ).
    handler->zif_longhaul_connection~wake( 60000 ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 1 ).
    handler->zif_longhaul_connection~wake( 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 2 ).
  ENDMETHOD.

  METHOD starts_a_lost_timer_again.
    " It should have rung long ago.
    handler->zif_longhaul_connection~wake( -20000 ).
    handler->zif_longhaul_connection~wake( 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 2 ).
  ENDMETHOD.

  METHOD minds_no_timer_that_rings.
    handler->zif_longhaul_connection~wake( 60000 ).
    cl_abap_timer_manager=>fails_to_stop = abap_true.
    export( ).
    cl_abap_unit_assert=>assert_equals(
      act = cl_abap_timer_manager=>starts
      exp = 2 ).
    ring( ).
    ring( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD ends_without_a_timer.
    cl_abap_timer_manager=>fails_to_start = abap_true.
    TRY.
        export( ).
        cl_abap_unit_assert=>fail( `it waits for nothing` ).
      CATCH zcx_longhaul_broken ##NO_HANDLER.
        " The runtime closes the connection.
    ENDTRY.
  ENDMETHOD.

  METHOD rests_when_it_cannot_send.
    export( `,"features":["resume"],"operation":"Wc3nP0wq7ZbE4m_Xk2TtRA"` ).
    messages->fails = abap_true.
    ring( ).
    SELECT SINGLE * FROM zlonghaul_oper WHERE status = 'W' INTO @DATA(operation).
    cl_abap_unit_assert=>assert_equals(
      act = operation-op_action
      exp = `export` ).
    cl_abap_unit_assert=>assert_initial( operation-session_id ).
    " Nothing is left to be woken for.
    ring( ).
    messages->fails = abap_false.
    TRY.
        hear( `{"id":"p","domain":"system","action":"ping"}` ).
        cl_abap_unit_assert=>fail( `the client waits for nothing` ).
      CATCH zcx_longhaul_broken ##NO_HANDLER.
        " It learns that it has to come back.
    ENDTRY.
  ENDMETHOD.

  METHOD frees_what_is_not_kept.
    export( ).
    SELECT COUNT(*) FROM zlonghaul_oper INTO @DATA(count).
    cl_abap_unit_assert=>assert_equals(
      act = count
      exp = 1 ).
    handler->if_apc_wsp_extension~on_error( i_reason       = ``
                                            i_code         = 1006
                                            i_context_base = VALUE #( ) ).
    SELECT COUNT(*) FROM zlonghaul_oper INTO @count.
    cl_abap_unit_assert=>assert_equals(
      act = count
      exp = 0 ).
  ENDMETHOD.

  METHOD hear.
    DATA(message) = NEW cl_host_message( ).
    message->if_apc_wsp_message~set_text( text ).
    handler->if_apc_wsp_extension~on_message( i_message         = message
                                              i_message_manager = messages
                                              i_context         = VALUE #( ) ).
  ENDMETHOD.

  METHOD ring.
    handler->if_abap_timer_handler~on_timeout( ).
  ENDMETHOD.

  METHOD export.
    hear( |\{"id":"a","domain":"git","action":"export","params":\{"packages":["$TEST"]\},"stream":true{ more }\}| ).
  ENDMETHOD.

  METHOD assert_sent.
    IF messages->has_sent( part ) = abap_false.
      cl_abap_unit_assert=>fail( |not sent: { part }; but { concat_lines_of( table = messages->texts sep = `, ` ) }| ).
    ENDIF.
  ENDMETHOD.
ENDCLASS.
