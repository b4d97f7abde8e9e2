"! <p class="shorttext synchronized">longhaul: authority by S_DEVELOP</p>
"! Whoever may display an object in the workbench may export and check it; an object of its own would only
"! be one more thing that can be given too freely.
CLASS zcl_longhaul_authority DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_authority.

  PRIVATE SECTION.
    CONSTANTS display TYPE c LENGTH 2 VALUE '03'.
ENDCLASS.



CLASS zcl_longhaul_authority IMPLEMENTATION.


  METHOD zif_longhaul_authority~may_read.
    AUTHORITY-CHECK OBJECT 'S_DEVELOP'
      ID 'DEVCLASS' FIELD object-package
      ID 'OBJTYPE' FIELD object-type
      ID 'OBJNAME' FIELD object-name
      ID 'P_GROUP' DUMMY
      ID 'ACTVT' FIELD display.
    may_read = xsdbool( sy-subrc = 0 ).
  ENDMETHOD.
ENDCLASS.
