"! <p class="shorttext synchronized">longhaul: objects by TADIR and TDEVC</p>
CLASS zcl_longhaul_catalog DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_catalog.

  PRIVATE SECTION.
    CONSTANTS repository TYPE tadir-pgmid VALUE 'R3TR'.
ENDCLASS.



CLASS zcl_longhaul_catalog IMPLEMENTATION.


  METHOD zif_longhaul_catalog~find.
    object = VALUE #( type = type
                      name = name ).
    SELECT SINGLE devclass FROM tadir
      WHERE pgmid = @repository
        AND object = @type
        AND obj_name = @name
        AND delflag = @space
      INTO @object-package.
    IF sy-subrc <> 0.
      CLEAR object-package.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_catalog~has_package.
    SELECT COUNT(*) FROM tdevc
      WHERE devclass = @name
      INTO @DATA(count).
    has_package = xsdbool( sy-subrc = 0 AND count > 0 ).
  ENDMETHOD.


  METHOD zif_longhaul_catalog~objects_of.
    SELECT object AS type, obj_name AS name, devclass AS package FROM tadir
      WHERE pgmid = @repository
        AND devclass = @package
        AND delflag = @space
      ORDER BY object, obj_name
      INTO CORRESPONDING FIELDS OF TABLE @objects.
  ENDMETHOD.


  METHOD zif_longhaul_catalog~subpackages.
    SELECT devclass FROM tdevc
      WHERE parentcl = @name
      ORDER BY devclass
      INTO TABLE @names.
  ENDMETHOD.
ENDCLASS.
