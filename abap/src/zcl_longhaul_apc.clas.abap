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
    DATA messages TYPE REF TO if_apc_wsp_message_manager.
    DATA session TYPE REF TO zcl_longhaul_session.
    DATA has_timer TYPE abap_bool.

    METHODS lose.
ENDCLASS.



CLASS zcl_longhaul_apc IMPLEMENTATION.


  METHOD if_abap_timer_handler~on_timeout.
    has_timer = abap_false.
    IF session IS NOT BOUND.
      RETURN.
    ENDIF.
    TRY.
        session->handle_timer( ).
      CATCH zcx_longhaul_lost.
        lose( ).
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
      RETURN.
    ENDIF.
    TRY.
        TRY.
            DATA(text) = i_message->get_text( ).
          CATCH cx_apc_error.
            session->handle_unreadable( ).
            RETURN.
        ENDTRY.
        session->handle_text( text ).
      CATCH zcx_longhaul_lost.
        lose( ).
    ENDTRY.
  ENDMETHOD.


  METHOD if_apc_wsp_extension~on_start.
    messages = i_message_manager.
    DATA(clock) = NEW zcl_longhaul_clock( ).
    session = NEW #( connection = me
                     registry   = NEW zcl_longhaul_registry( clock = clock )
                     store      = NEW zcl_longhaul_store( )
                     clock      = clock ).
    TRY.
        session->start( ).
      CATCH zcx_longhaul zcx_longhaul_lost.
        lose( ).
    ENDTRY.
  ENDMETHOD.


  METHOD lose.
    IF session IS BOUND.
      session->handle_close( ).
    ENDIF.
    CLEAR session.
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
    TRY.
        DATA(timers) = cl_abap_timer_manager=>get_timer_manager( ).
        IF has_timer = abap_true.
          timers->stop_timer( me ).
        ENDIF.
        timers->start_timer( i_timer_handler = me
                             i_timeout       = after_ms ).
        has_timer = abap_true.
      CATCH cx_abap_timer_error INTO DATA(cause).
        RAISE EXCEPTION TYPE zcx_longhaul_lost
          EXPORTING
            previous = cause.
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
