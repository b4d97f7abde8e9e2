"! <p class="shorttext synchronized">longhaul: which objects there are</p>
INTERFACE zif_longhaul_catalog PUBLIC.
  TYPES:
    BEGIN OF object,
      type    TYPE tadir-object,
      name    TYPE tadir-obj_name,
      "! Empty where there is no such object
      package TYPE tadir-devclass,
    END OF object,
    objects TYPE STANDARD TABLE OF object WITH EMPTY KEY,
    names   TYPE STANDARD TABLE OF tdevc-devclass WITH EMPTY KEY.

  METHODS has_package
    IMPORTING name               TYPE tdevc-devclass
    RETURNING VALUE(has_package) TYPE abap_bool.

  "! The packages directly below
  METHODS subpackages
    IMPORTING name         TYPE tdevc-devclass
    RETURNING VALUE(names) TYPE names.

  "! What stands in a package itself, the package as DEVC among it
  METHODS objects_of
    IMPORTING package        TYPE tdevc-devclass
    RETURNING VALUE(objects) TYPE objects.

  "! One object; without a package where it does not exist
  METHODS find
    IMPORTING
      type          TYPE tadir-object
      name          TYPE tadir-obj_name
    RETURNING
      VALUE(object) TYPE object.
ENDINTERFACE.
