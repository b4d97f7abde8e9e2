CLASS cl_abap_timer_manager DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    INTERFACES if_abap_timer_manager.
    "! For tests: how often a timer was started, and what fails
    CLASS-DATA starts TYPE i.
    CLASS-DATA fails_to_start TYPE abap_bool.
    CLASS-DATA fails_to_stop TYPE abap_bool.
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
    IF fails_to_start = abap_true.
      RAISE EXCEPTION TYPE cx_abap_timer_error.
    ENDIF.
    starts = starts + 1.
    WRITE '@KERNEL globalThis.longhaul?.startTimer?.(i_timer_handler.get(), i_timeout.get());'.
  ENDMETHOD.

  METHOD if_abap_timer_manager~stop_timer.
    IF fails_to_stop = abap_true.
      RAISE EXCEPTION TYPE cx_abap_timer_error.
    ENDIF.
    WRITE '@KERNEL globalThis.longhaul?.stopTimer?.(i_timer_handler.get());'.
  ENDMETHOD.
ENDCLASS.
