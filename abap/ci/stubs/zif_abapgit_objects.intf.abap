INTERFACE zif_abapgit_objects PUBLIC.
  TYPES:
    BEGIN OF ty_file,
      path     TYPE string,
      filename TYPE string,
      data     TYPE xstring,
    END OF ty_file,
    BEGIN OF ty_serialization,
      files TYPE STANDARD TABLE OF ty_file WITH DEFAULT KEY,
      item  TYPE zif_abapgit_definitions=>ty_item,
    END OF ty_serialization.
  TYPES ty_types_tt TYPE STANDARD TABLE OF tadir-object WITH DEFAULT KEY.
ENDINTERFACE.
