INTERFACE if_abap_timer_handler PUBLIC.
  METHODS on_timeout
    IMPORTING i_timer_handler TYPE REF TO if_abap_timer_handler OPTIONAL.
ENDINTERFACE.
