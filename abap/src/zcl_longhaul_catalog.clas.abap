"! <p class="shorttext synchronized">longhaul: objects by TADIR and TDEVC</p>
"! As abapGit lists them: without the types that are part of another object, with the packages that have
"! no row in TADIR, and with services by the path that they have, not by the key of this system.
CLASS zcl_longhaul_catalog DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_catalog.

  PRIVATE SECTION.
    CONSTANTS repository TYPE tadir-pgmid VALUE 'R3TR'.
    CONSTANTS package_type TYPE tadir-object VALUE 'DEVC'.
    CONSTANTS service_type TYPE tadir-object VALUE 'SICF'.

    "! A service by the name that abapGit has for it, or by its key
    METHODS find_service
      IMPORTING name          TYPE tadir-obj_name
      RETURNING VALUE(object) TYPE zif_longhaul_catalog=>object.
    "! Local packages stand in TDEVC only
    METHODS is_local
      IMPORTING name            TYPE csequence
      RETURNING VALUE(is_local) TYPE abap_bool.
ENDCLASS.



CLASS zcl_longhaul_catalog IMPLEMENTATION.


  METHOD find_service.
    object = VALUE #( type = service_type
                      name = name ).
    " What stands in a name is no pattern.
    DATA(pattern) = |{ replace( val   = name(15)
                                regex = `[#%_]`
                                with  = `#$0`
                                occ   = 0 ) }%|.
    SELECT obj_name, devclass FROM tadir
      WHERE pgmid = @repository
        AND object = @service_type
        AND obj_name LIKE @pattern ESCAPE '#'
        AND delflag = @space
      ORDER BY obj_name
      INTO TABLE @DATA(services).
    LOOP AT services INTO DATA(service).
      DATA(name_by_path) = zcl_longhaul_abapgit=>service_name( service-obj_name ).
      " The hash is in lower case, and names are asked for in capitals.
      IF to_upper( name ) = to_upper( name_by_path ) OR name = service-obj_name.
        object-name = name_by_path.
        object-package = service-devclass.
        RETURN.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD is_local.
    is_local = xsdbool( name CP '$*' ).
  ENDMETHOD.


  METHOD zif_longhaul_catalog~find.
    IF type = service_type.
      object = find_service( name ).
      RETURN.
    ENDIF.
    object = VALUE #( type = type
                      name = name ).
    SELECT SINGLE devclass FROM tadir
      WHERE pgmid = @repository
        AND object = @type
        AND obj_name = @name
        AND delflag = @space
      INTO @object-package.
    IF sy-subrc = 0.
      RETURN.
    ENDIF.
    CLEAR object-package.
    IF type = package_type
        AND is_local( name ) = abap_true
        AND zif_longhaul_catalog~has_package( CONV #( name ) ) = abap_true.
      object-package = name.
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
        AND object NOT IN ( 'SOTR', 'SFB1', 'SFB2', 'STOB' )
      ORDER BY object, obj_name
      INTO CORRESPONDING FIELDS OF TABLE @objects.
    LOOP AT objects ASSIGNING FIELD-SYMBOL(<object>) WHERE type = service_type.
      <object>-name = zcl_longhaul_abapgit=>service_name( <object>-name ).
    ENDLOOP.
    IF is_local( package ) = abap_true AND NOT line_exists( objects[ type = package_type
                                                                     name = package ] ).
      APPEND VALUE #( type    = package_type
                      name    = package
                      package = package ) TO objects.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_catalog~subpackages.
    SELECT devclass FROM tdevc
      WHERE parentcl = @name
      ORDER BY devclass
      INTO TABLE @names.
  ENDMETHOD.
ENDCLASS.
