CLASS cl_abap_timer_manager DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    INTERFACES if_abap_timer_manager.
    CLASS-METHODS get_timer_manager
      RETURNING VALUE(r_timer_manager) TYPE REF TO if_abap_timer_manager
      RAISING cx_abap_timer_error.
  PRIVATE SECTION.
    CLASS-DATA manager TYPE REF TO cl_abap_timer_manager.
ENDCLASS.

CLASS cl_abap_timer_manager IMPLEMENTATION.
  METHOD get_timer_manager.
    IF manager IS NOT BOUND.
      CREATE OBJECT manager.
    ENDIF.
    r_timer_manager = manager.
  ENDMETHOD.

  METHOD if_abap_timer_manager~start_timer.
    WRITE '@KERNEL globalThis.longhaul?.startTimer(i_timer_handler.get(), i_timeout.get());'.
  ENDMETHOD.

  METHOD if_abap_timer_manager~stop_timer.
    WRITE '@KERNEL globalThis.longhaul?.stopTimer(i_timer_handler.get());'.
  ENDMETHOD.
ENDCLASS.
