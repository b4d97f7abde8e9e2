"! <p class="shorttext synchronized">longhaul: a session that cannot go on</p>
"! Caught by nobody on purpose: the short dump closes the connection, and says why in ST22. The client comes
"! back, and goes on with what is kept.
CLASS zcx_longhaul_broken DEFINITION PUBLIC INHERITING FROM cx_no_check FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING previous LIKE previous OPTIONAL.
ENDCLASS.



CLASS zcx_longhaul_broken IMPLEMENTATION.


  METHOD constructor ##ADT_SUPPRESS_GENERATION.
    super->constructor( previous ).
  ENDMETHOD.
ENDCLASS.
