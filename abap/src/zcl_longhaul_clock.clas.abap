"! <p class="shorttext synchronized">longhaul: the system's clock</p>
CLASS zcl_longhaul_clock DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_clock.
    METHODS constructor.

  PRIVATE SECTION.
    CONSTANTS epoch TYPE d VALUE '19700101'.
    CONSTANTS seconds_of_a_day TYPE int8 VALUE 86400.
    "! Microseconds when the session began
    DATA begun TYPE i.
ENDCLASS.



CLASS zcl_longhaul_clock IMPLEMENTATION.


  METHOD constructor.
    GET RUN TIME FIELD begun.
  ENDMETHOD.


  METHOD zif_longhaul_clock~elapsed.
    DATA run_time TYPE i.
    DATA passed TYPE int8.
    GET RUN TIME FIELD run_time.
    passed = run_time.
    passed = passed - begun.
    IF passed < 0.
      " The counter of microseconds has started over, as it does after some 35 minutes.
      passed = passed + 4294967296.
    ENDIF.
    elapsed = passed DIV 1000.
  ENDMETHOD.


  METHOD zif_longhaul_clock~now.
    DATA timestamp TYPE timestampl.
    DATA date TYPE d.
    DATA time TYPE t.
    GET TIME STAMP FIELD timestamp.
    CONVERT TIME STAMP timestamp TIME ZONE 'UTC' INTO DATE date TIME time.
    DATA(days) = CONV int8( date - epoch ).
    DATA(seconds) = CONV int8( time ).
    DATA(fraction) = CONV int8( frac( timestamp ) * 1000 ).
    now = ( days * seconds_of_a_day + seconds ) * 1000 + fraction.
  ENDMETHOD.


  METHOD zif_longhaul_clock~timestamp.
    DATA now TYPE timestamp.
    DATA date TYPE d.
    DATA time TYPE t.
    GET TIME STAMP FIELD now.
    CONVERT TIME STAMP now TIME ZONE 'UTC' INTO DATE date TIME time.
    timestamp = |{ date }T{ time }|.
  ENDMETHOD.
ENDCLASS.
