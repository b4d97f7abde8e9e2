"! <p class="shorttext synchronized">longhaul: the connection is gone</p>
"! Nothing is wrong with the work, and nobody is left to be told. Whoever has the session ends it, and
"! what is kept of it waits for the client.
CLASS zcx_longhaul_lost DEFINITION PUBLIC INHERITING FROM cx_static_check FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING previous LIKE previous OPTIONAL.
ENDCLASS.



CLASS zcx_longhaul_lost IMPLEMENTATION.


  METHOD constructor ##ADT_SUPPRESS_GENERATION.
    super->constructor( previous ).
  ENDMETHOD.
ENDCLASS.
