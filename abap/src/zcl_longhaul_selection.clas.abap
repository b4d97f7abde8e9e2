"! <p class="shorttext synchronized">longhaul: which objects a request is about</p>
"! The params packages, includeSubpackages and objects (PROTOCOL 10.1).
CLASS zcl_longhaul_selection DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING catalog TYPE REF TO zif_longhaul_catalog.

    "! Each object once, in the order of packages, types and names, those that do not exist last.
    "! A package that does not exist is refused with error_code
    METHODS select
      IMPORTING
        params         TYPE REF TO zcl_longhaul_json
        error_code     TYPE string
      RETURNING
        VALUE(objects) TYPE zif_longhaul_catalog=>objects
      RAISING
        zcx_longhaul.

    "! What stands in packages only, these among it
    METHODS list
      IMPORTING params         TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(objects) TYPE zif_longhaul_catalog=>objects
      RAISING   zcx_longhaul.

    "! What people call an object, such as CLAS ZCL_X
    CLASS-METHODS label
      IMPORTING object       TYPE zif_longhaul_catalog=>object
      RETURNING VALUE(label) TYPE string.

  PRIVATE SECTION.
    CONSTANTS max_name_length TYPE i VALUE 40.
    CONSTANTS max_type_length TYPE i VALUE 4.
    CONSTANTS max_package_length TYPE i VALUE 30.

    DATA catalog TYPE REF TO zif_longhaul_catalog.

    METHODS in_packages
      IMPORTING
        params         TYPE REF TO zcl_longhaul_json
        error_code     TYPE string
      RETURNING
        VALUE(objects) TYPE zif_longhaul_catalog=>objects
      RAISING
        zcx_longhaul.
    METHODS by_name
      IMPORTING params         TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(objects) TYPE zif_longhaul_catalog=>objects
      RAISING   zcx_longhaul.
    METHODS items
      IMPORTING
        params       TYPE REF TO zcl_longhaul_json
        name         TYPE string
      RETURNING
        VALUE(items) TYPE zcl_longhaul_json=>list
      RAISING
        zcx_longhaul.
    METHODS has_subpackages
      IMPORTING params                 TYPE REF TO zcl_longhaul_json
      RETURNING VALUE(has_subpackages) TYPE abap_bool
      RAISING   zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_selection IMPLEMENTATION.


  METHOD by_name.
    DATA known TYPE HASHED TABLE OF zif_longhaul_catalog=>object WITH UNIQUE KEY type name.
    LOOP AT items( params = params
                   name   = `objects` ) INTO DATA(item).
      DATA(type) = to_upper( item->text_of( `type` ) ).
      DATA(name) = to_upper( item->text_of( `name` ) ).
      IF type IS INITIAL OR strlen( type ) > max_type_length.
        zcl_longhaul_steering=>refuse( `objects[].type` ).
      ENDIF.
      IF name IS INITIAL OR strlen( name ) > max_name_length.
        zcl_longhaul_steering=>refuse( `objects[].name` ).
      ENDIF.
      INSERT VALUE #( type = type
                      name = name ) INTO TABLE known.
      IF sy-subrc = 0.
        APPEND catalog->find( type = CONV #( type )
                              name = CONV #( name ) ) TO objects.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD constructor.
    me->catalog = catalog.
  ENDMETHOD.


  METHOD has_subpackages.
    has_subpackages = abap_true.
    DATA(value) = params->member( `includeSubpackages` ).
    IF value IS NOT BOUND.
      RETURN.
    ENDIF.
    IF value->kind <> zcl_longhaul_json=>kinds-boolean.
      zcl_longhaul_steering=>refuse( `includeSubpackages` ).
    ENDIF.
    has_subpackages = value->is_true( ).
  ENDMETHOD.


  METHOD in_packages.
    DATA packages TYPE zif_longhaul_catalog=>names.
    DATA known TYPE HASHED TABLE OF tdevc-devclass WITH UNIQUE KEY table_line.
    LOOP AT items( params = params
                   name   = `packages` ) INTO DATA(item).
      IF item->kind <> zcl_longhaul_json=>kinds-text OR item->text IS INITIAL.
        zcl_longhaul_steering=>refuse( `packages` ).
      ENDIF.
      DATA(name) = CONV tdevc-devclass( item->text ).
      IF strlen( item->text ) <= max_package_length AND line_exists( known[ table_line = name ] ).
        CONTINUE.
      ENDIF.
      IF strlen( item->text ) > max_package_length OR catalog->has_package( name ) = abap_false.
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code    = error_code
            message = |package { name } does not exist|.
      ENDIF.
      INSERT name INTO TABLE known.
      APPEND name TO packages.
    ENDLOOP.
    DATA(goes_down) = has_subpackages( params ).
    " The table grows while it is gone through, by packages that are not in it yet.
    LOOP AT packages INTO DATA(package).
      APPEND LINES OF catalog->objects_of( package ) TO objects.
      IF goes_down = abap_false.
        CONTINUE.
      ENDIF.
      LOOP AT catalog->subpackages( package ) INTO DATA(below).
        INSERT below INTO TABLE known.
        IF sy-subrc = 0.
          APPEND below TO packages.
        ENDIF.
      ENDLOOP.
    ENDLOOP.
  ENDMETHOD.


  METHOD items.
    DATA(value) = params->member( name ).
    IF value IS NOT BOUND.
      RETURN.
    ENDIF.
    IF value->kind <> zcl_longhaul_json=>kinds-list.
      zcl_longhaul_steering=>refuse( name ).
    ENDIF.
    items = value->items.
  ENDMETHOD.


  METHOD label.
    label = |{ object-type } { object-name }|.
  ENDMETHOD.


  METHOD list.
    IF items( params = params
              name   = `packages` ) IS INITIAL.
      zcl_longhaul_steering=>refuse( `packages` ).
    ENDIF.
    objects = in_packages( params     = params
                           error_code = zif_longhaul=>code-git_error ).
    SORT objects BY package type name.
    DELETE ADJACENT DUPLICATES FROM objects COMPARING type name.
  ENDMETHOD.


  METHOD select.
    DATA missing TYPE zif_longhaul_catalog=>objects.
    objects = in_packages( params     = params
                           error_code = error_code ).
    DATA(named) = by_name( params ).
    IF named IS INITIAL AND items( params = params
                                   name   = `packages` ) IS INITIAL.
      zcl_longhaul_steering=>refuse( `packages or objects` ).
    ENDIF.
    LOOP AT named INTO DATA(object).
      IF object-package IS INITIAL.
        APPEND object TO missing.
      ELSE.
        APPEND object TO objects.
      ENDIF.
    ENDLOOP.
    SORT objects BY package type name.
    DELETE ADJACENT DUPLICATES FROM objects COMPARING type name.
    SORT missing BY type name.
    DELETE ADJACENT DUPLICATES FROM missing COMPARING type name.
    APPEND LINES OF missing TO objects.
  ENDMETHOD.
ENDCLASS.
