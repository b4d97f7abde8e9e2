INTERFACE zif_abapgit_definitions PUBLIC.
  TYPES:
    BEGIN OF ty_item,
      obj_type TYPE tadir-object,
      obj_name TYPE tadir-obj_name,
      devclass TYPE tadir-devclass,
    END OF ty_item.
ENDINTERFACE.
