"! <p class="shorttext synchronized">longhaul: the system's clock</p>
"! By time stamps alone: GET RUN TIME counts microseconds in a type i, which is full after 35 minutes, and
"! connections last longer.
CLASS zcl_longhaul_clock DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_clock.

  PRIVATE SECTION.
    CONSTANTS epoch TYPE d VALUE '19700101'.
    CONSTANTS seconds_of_a_day TYPE int8 VALUE 86400.
ENDCLASS.



CLASS zcl_longhaul_clock IMPLEMENTATION.


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
