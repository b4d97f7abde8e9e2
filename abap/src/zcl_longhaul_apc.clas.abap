"! <p class="shorttext synchronized">longhaul: handler of the push channel</p>
"! Hands the events of a WebSocket to a session, and what the session sends to the WebSocket. Knows nothing
"! of the protocol. Nothing here waits: between two events the runtime has the session.
CLASS zcl_longhaul_apc DEFINITION PUBLIC INHERITING FROM cl_apc_wsp_ext_stateful_base FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES if_abap_timer_handler.
    INTERFACES zif_longhaul_connection.

    METHODS if_apc_wsp_extension~on_start REDEFINITION.
    METHODS if_apc_wsp_extension~on_message REDEFINITION.
    METHODS if_apc_wsp_extension~on_close REDEFINITION.
    METHODS if_apc_wsp_extension~on_error REDEFINITION.

  PRIVATE SECTION.
    "! A timer that is late by so much is not waited for any more
    CONSTANTS patience_ms TYPE i VALUE 10000.

    DATA messages TYPE REF TO if_apc_wsp_message_manager.
    "! Not bound before the connection is there, and when its session is lost
    DATA session TYPE REF TO zcl_longhaul_session.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA has_timer TYPE abap_bool.
    "! When the timer is to ring
    DATA rings_at TYPE zif_longhaul=>milliseconds.

    "! The connection is gone, or the session has to be given up; what is kept waits for the client
    METHODS lose.
    "! Gives the session up and closes the connection, so that the client does not wait for nothing
    METHODS break_off
      IMPORTING cause TYPE REF TO cx_root OPTIONAL.
    METHODS stop_timer.
    METHODS hear
      IMPORTING message TYPE REF TO if_apc_wsp_message
      RAISING   zcx_longhaul_lost.
ENDCLASS.



CLASS zcl_longhaul_apc IMPLEMENTATION.


  METHOD break_off.
    lose( ).
    RAISE EXCEPTION TYPE zcx_longhaul_broken
      EXPORTING
        previous = cause.
  ENDMETHOD.


  METHOD hear.
    TRY.
        DATA(text) = message->get_text( ).
      CATCH cx_apc_error.
        session->handle_unreadable( ).
        RETURN.
    ENDTRY.
    session->handle_text( text ).
  ENDMETHOD.


  METHOD if_abap_timer_handler~on_timeout.
    has_timer = abap_false.
    IF session IS NOT BOUND.
      RETURN.
    ENDIF.
    TRY.
        session->handle_timer( ).
      CATCH zcx_longhaul_lost.
        lose( ).
      CATCH cx_root INTO DATA(cause) ##CATCH_ALL.
        break_off( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD if_apc_wsp_extension~on_close.
    lose( ).
  ENDMETHOD.


  METHOD if_apc_wsp_extension~on_error.
    lose( ).
  ENDMETHOD.


  METHOD if_apc_wsp_extension~on_message.
    messages = i_message_manager.
    IF session IS NOT BOUND.
      " It was taken for gone when something could not be sent, and is not.
      break_off( ).
    ENDIF.
    TRY.
        hear( i_message ).
      CATCH zcx_longhaul_lost.
        lose( ).
      CATCH cx_root INTO DATA(cause) ##CATCH_ALL.
        break_off( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD if_apc_wsp_extension~on_start.
    messages = i_message_manager.
    clock = NEW zcl_longhaul_clock( ).
    session = NEW #( connection = me
                     registry   = NEW zcl_longhaul_registry( clock = clock )
                     store      = NEW zcl_longhaul_store( )
                     clock      = clock ).
    TRY.
        session->start( ).
      CATCH zcx_longhaul_lost.
        lose( ).
      CATCH cx_root INTO DATA(cause) ##CATCH_ALL.
        break_off( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD lose.
    stop_timer( ).
    IF session IS BOUND.
      session->handle_close( ).
    ENDIF.
    CLEAR session.
  ENDMETHOD.


  METHOD stop_timer.
    IF has_timer = abap_false.
      RETURN.
    ENDIF.
    has_timer = abap_false.
    TRY.
        cl_abap_timer_manager=>get_timer_manager( )->stop_timer( me ).
      CATCH cx_abap_timer_error ##NO_HANDLER.
        " It rings once more at worst.
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_connection~send_binary.
    TRY.
        DATA(message) = messages->create_message( ).
        message->set_binary( bytes ).
        messages->send( message ).
      CATCH cx_apc_error INTO DATA(cause).
        RAISE EXCEPTION TYPE zcx_longhaul_lost
          EXPORTING
            previous = cause.
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_connection~send_text.
    TRY.
        DATA(message) = messages->create_message( ).
        message->set_text( text ).
        messages->send( message ).
      CATCH cx_apc_error INTO DATA(cause).
        RAISE EXCEPTION TYPE zcx_longhaul_lost
          EXPORTING
            previous = cause.
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_connection~user.
    user = sy-uname.
  ENDMETHOD.


  METHOD zif_longhaul_connection~wake.
    DATA(at) = clock->now( ) + after_ms.
    IF has_timer = abap_true AND rings_at <= at AND at - after_ms - rings_at < patience_ms.
      " One that every message put off would not ring while messages keep coming.
      RETURN.
    ENDIF.
    stop_timer( ).
    TRY.
        cl_abap_timer_manager=>get_timer_manager( )->start_timer( i_timer_handler = me
                                                                  i_timeout       = after_ms ).
      CATCH cx_abap_timer_error INTO DATA(cause).
        " Nothing would go on, and nobody would say so.
        RAISE EXCEPTION TYPE zcx_longhaul_broken
          EXPORTING
            previous = cause.
    ENDTRY.
    has_timer = abap_true.
    rings_at = at.
  ENDMETHOD.
ENDCLASS.
