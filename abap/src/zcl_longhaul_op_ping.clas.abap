"! <p class="shorttext synchronized">longhaul: system.ping</p>
CLASS zcl_longhaul_op_ping DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_query.

    METHODS constructor
      IMPORTING clock TYPE REF TO zif_longhaul_clock.

  PRIVATE SECTION.
    DATA clock TYPE REF TO zif_longhaul_clock.
ENDCLASS.



CLASS zcl_longhaul_op_ping IMPLEMENTATION.


  METHOD constructor.
    me->clock = clock.
  ENDMETHOD.


  METHOD zif_longhaul_query~answer.
    data = |\{"pong":true,"timestamp":"{ clock->timestamp( ) }"\}|.
  ENDMETHOD.
ENDCLASS.
