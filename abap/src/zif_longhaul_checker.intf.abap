"! <p class="shorttext synchronized">longhaul: checks an object</p>
INTERFACE zif_longhaul_checker PUBLIC.
  TYPES:
    "! As PROTOCOL 10.5 has it
    BEGIN OF finding,
      "! From 1, the worst, to 3
      priority TYPE i,
      "! Empty where it is not known
      file     TYPE string,
      "! From 1, in the file; 0 for the whole object
      line     TYPE i,
      check    TYPE string,
      message  TYPE string,
    END OF finding,
    findings TYPE STANDARD TABLE OF finding WITH EMPTY KEY.

  "! Raises what keeps this object from being checked, NOT_AVAILABLE where nothing checks its kind
  METHODS check
    IMPORTING object          TYPE zif_longhaul_catalog=>object
    RETURNING VALUE(findings) TYPE findings
    RAISING   zcx_longhaul.
ENDINTERFACE.
