"! <p class="shorttext synchronized">longhaul: gives the files of an object</p>
INTERFACE zif_longhaul_serializer PUBLIC.
  TYPES:
    BEGIN OF file,
      name TYPE string,
      data TYPE xstring,
    END OF file,
    files TYPE STANDARD TABLE OF file WITH EMPTY KEY.

  "! Raises NOT_AVAILABLE where there is nothing that serializes
  METHODS check_available
    RAISING zcx_longhaul.

  "! In this language; raises what is wrong with this object
  METHODS serialize
    IMPORTING
      object       TYPE zif_longhaul_catalog=>object
      language     TYPE sy-langu
    RETURNING
      VALUE(files) TYPE files
    RAISING
      zcx_longhaul.

  "! The types that can be serialized
  METHODS types
    RETURNING VALUE(types) TYPE string_table
    RAISING   zcx_longhaul.
ENDINTERFACE.
