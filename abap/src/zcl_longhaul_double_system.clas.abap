"! <p class="shorttext synchronized">longhaul: objects and abapGit, in tests</p>
"! Three classes in one package
CLASS zcl_longhaul_double_system DEFINITION PUBLIC FINAL FOR TESTING CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_catalog.
    INTERFACES zif_longhaul_authority.
    INTERFACES zif_longhaul_serializer.
    INTERFACES zif_longhaul_checker.
    "! How often an object was serialized
    DATA serialized TYPE i READ-ONLY.
    DATA failing TYPE tadir-obj_name.
    "! Fails in a way that is not declared
    DATA raising TYPE tadir-obj_name.
    "! In which languages objects were serialized, one character each
    DATA languages TYPE string READ-ONLY.
    DATA forbidden TYPE tadir-obj_name.
    "! Ends the session that works on it
    DATA fatal TYPE tadir-obj_name.
    "! Whether it has; nothing that is done after that counts
    DATA has_ended_session TYPE abap_bool.
    DATA is_missing TYPE abap_bool.
    "! Whoever comes by once, while this one is worked on
    DATA visited TYPE tadir-obj_name.
    DATA visitor TYPE REF TO zif_longhaul_double_visitor.
ENDCLASS.



CLASS zcl_longhaul_double_system IMPLEMENTATION.


  METHOD zif_longhaul_catalog~find.
    object = VALUE #( type    = type
                      name    = name
                      package = '$DEMO' ).
  ENDMETHOD.


  METHOD zif_longhaul_catalog~has_package.
    has_package = xsdbool( name = '$DEMO' ).
  ENDMETHOD.


  METHOD zif_longhaul_catalog~objects_of.
    objects = VALUE #(
      ( type    = 'CLAS'
        name    = 'ZCL_A'
        package = package )
      ( type    = 'CLAS'
        name    = 'ZCL_B'
        package = package )
      ( type    = 'CLAS'
        name    = 'ZCL_C'
        package = package ) ).
  ENDMETHOD.


  METHOD zif_longhaul_catalog~subpackages.
    CLEAR names.
  ENDMETHOD.


  METHOD zif_longhaul_authority~may_read.
    may_read = xsdbool( object-name <> forbidden ).
  ENDMETHOD.


  METHOD zif_longhaul_serializer~check_available.
    IF is_missing = abap_true.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-not_available
          message = `there is no abapGit`.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_serializer~serialize.
    serialized = serialized + 1.
    languages = languages && language.
    IF object-name = raising.
      RAISE EXCEPTION TYPE zcx_longhaul_broken.
    ENDIF.
    IF object-name = visited.
      CLEAR visited.
      visitor->come( ).
    ENDIF.
    IF object-name = fatal.
      has_ended_session = abap_true.
    ENDIF.
    IF object-name = failing.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-git_error
          message = `it is locked`.
    ENDIF.
    " Something that does not compress to nothing.
    DATA(source) = |CLASS { object-name }|.
    DO 6 TIMES.
      source = source && zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( source ) ).
    ENDDO.
    files = VALUE #( ( name = |{ to_lower( object-name ) }.clas.abap|
                       data = zcl_longhaul_codec=>to_utf8( source ) ) ).
  ENDMETHOD.


  METHOD zif_longhaul_serializer~types.
    types = VALUE #( ( `PROG` ) ( `CLAS` ) ).
  ENDMETHOD.


  METHOD zif_longhaul_checker~check.
    IF object-name = raising.
      RAISE EXCEPTION TYPE zcx_longhaul_broken.
    ENDIF.
    IF object-name = failing.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-not_available
          message = `nothing checks it`.
    ENDIF.
    IF object-name = 'ZCL_B'.
      findings = VALUE #( ( priority = 2
                            line     = 12
                            check    = `todo`
                            message  = `comment says "TODO"` ) ).
    ENDIF.
  ENDMETHOD.
ENDCLASS.
