"! <p class="shorttext synchronized">longhaul: a clock, in tests</p>
"! A clock that goes on by a millisecond whenever it is looked at
CLASS zcl_longhaul_double_clock DEFINITION PUBLIC FINAL FOR TESTING CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_clock.
    METHODS constructor.
    METHODS go_on
      IMPORTING milliseconds TYPE zif_longhaul=>milliseconds.
  PRIVATE SECTION.
    DATA time TYPE zif_longhaul=>milliseconds.
ENDCLASS.



CLASS zcl_longhaul_double_clock IMPLEMENTATION.


  METHOD constructor.
    time = 1600000000000.
  ENDMETHOD.


  METHOD go_on.
    time = time + milliseconds.
  ENDMETHOD.


  METHOD zif_longhaul_clock~now.
    time = time + 1.
    now = time.
  ENDMETHOD.


  METHOD zif_longhaul_clock~timestamp.
    timestamp = `20261120T120000`.
  ENDMETHOD.
ENDCLASS.
