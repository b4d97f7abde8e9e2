"! <p class="shorttext synchronized">longhaul: serializes by abapGit</p>
"! abapGit's developer version is called by name, so that everything else is active and works where it is
"! not installed. Two forms of its method are known: the language as such, and since 2023 in an object.
CLASS zcl_longhaul_abapgit DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_serializer.

    "! What abapGit calls a service of the ICF: the key of its parent is one of this system only, so a hash of
    "! its path stands there instead. As it was without abapGit
    CLASS-METHODS service_name
      IMPORTING key         TYPE tadir-obj_name
      RETURNING VALUE(name) TYPE tadir-obj_name.

  PRIVATE SECTION.
    CONSTANTS service_class TYPE string VALUE `ZCL_ABAPGIT_OBJECT_SICF`.
    CONSTANTS objects_class TYPE string VALUE `ZCL_ABAPGIT_OBJECTS`.
    CONSTANTS i18n_class TYPE string VALUE `ZCL_ABAPGIT_I18N_PARAMS`.
    CONSTANTS item_type TYPE string VALUE `ZIF_ABAPGIT_DEFINITIONS=>TY_ITEM`.
    CONSTANTS new_result_type TYPE string VALUE `ZIF_ABAPGIT_OBJECTS=>TY_SERIALIZATION`.
    CONSTANTS old_result_type TYPE string VALUE `ZCL_ABAPGIT_OBJECTS=>TY_SERIALIZATION`.
    CONSTANTS new_types_type TYPE string VALUE `ZIF_ABAPGIT_OBJECTS=>TY_TYPES_TT`.
    CONSTANTS old_types_type TYPE string VALUE `ZCL_ABAPGIT_OBJECTS=>TY_TYPES_TT`.

    METHODS create_item
      IMPORTING object      TYPE zif_longhaul_catalog=>object
      RETURNING VALUE(item) TYPE REF TO data
      RAISING   zcx_longhaul.
    METHODS create_result
      RETURNING VALUE(result) TYPE REF TO data
      RAISING   zcx_longhaul.
    METHODS invoke
      IMPORTING
        item     TYPE REF TO data
        result   TYPE REF TO data
        language TYPE sy-langu
      RAISING
        zcx_longhaul.
    METHODS invoke_with_language
      IMPORTING
        item     TYPE REF TO data
        result   TYPE REF TO data
        language TYPE sy-langu
      RAISING
        zcx_longhaul.
    METHODS files_of
      IMPORTING result       TYPE REF TO data
      RETURNING VALUE(files) TYPE zif_longhaul_serializer=>files
      RAISING   zcx_longhaul.
    METHODS not_available
      IMPORTING previous         TYPE REF TO cx_root OPTIONAL
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_abapgit IMPLEMENTATION.


  METHOD invoke.
    DATA i18n TYPE REF TO data.
    FIELD-SYMBOLS <i18n> TYPE any.
    FIELD-SYMBOLS <item> TYPE any.
    FIELD-SYMBOLS <result> TYPE any.
    ASSIGN item->* TO <item>.
    ASSIGN result->* TO <result>.
    TRY.
        " A reference of just this type: a more general one is not taken by the method.
        CREATE DATA i18n TYPE REF TO (i18n_class).
        ASSIGN i18n->* TO <i18n>.
        CREATE OBJECT <i18n> TYPE (i18n_class)
          EXPORTING
            iv_main_language = language.
        CALL METHOD (objects_class)=>('SERIALIZE')
          EXPORTING
            is_item           = <item>
            io_i18n_params    = <i18n>
          RECEIVING
            rs_files_and_item = <result>.
      CATCH cx_sy_create_data_error cx_sy_create_object_error cx_sy_dyn_call_param_not_found.
        invoke_with_language( item     = item
                              result   = result
                              language = language ).
      CATCH cx_sy_dyn_call_error INTO DATA(other_version).
        RAISE EXCEPTION not_available( other_version ).
      CATCH cx_static_check INTO DATA(cause).
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code     = zif_longhaul=>code-git_error
            message  = cause->get_text( )
            previous = cause.
    ENDTRY.
  ENDMETHOD.


  METHOD invoke_with_language.
    FIELD-SYMBOLS <item> TYPE any.
    FIELD-SYMBOLS <result> TYPE any.
    ASSIGN item->* TO <item>.
    ASSIGN result->* TO <result>.
    TRY.
        CALL METHOD (objects_class)=>('SERIALIZE')
          EXPORTING
            is_item           = <item>
            iv_language       = language
          RECEIVING
            rs_files_and_item = <result>.
      CATCH cx_sy_dyn_call_error INTO DATA(other_version).
        RAISE EXCEPTION not_available( other_version ).
      CATCH cx_static_check INTO DATA(cause).
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code     = zif_longhaul=>code-git_error
            message  = cause->get_text( )
            previous = cause.
    ENDTRY.
  ENDMETHOD.


  METHOD create_item.
    FIELD-SYMBOLS <item> TYPE any.
    FIELD-SYMBOLS <field> TYPE any.
    TRY.
        CREATE DATA item TYPE (item_type).
      CATCH cx_sy_create_data_error INTO DATA(cause).
        RAISE EXCEPTION not_available( cause ).
    ENDTRY.
    ASSIGN item->* TO <item>.
    ASSIGN COMPONENT 'OBJ_TYPE' OF STRUCTURE <item> TO <field>.
    IF sy-subrc <> 0.
      RAISE EXCEPTION not_available( ).
    ENDIF.
    <field> = object-type.
    ASSIGN COMPONENT 'OBJ_NAME' OF STRUCTURE <item> TO <field>.
    IF sy-subrc <> 0.
      RAISE EXCEPTION not_available( ).
    ENDIF.
    <field> = object-name.
    ASSIGN COMPONENT 'DEVCLASS' OF STRUCTURE <item> TO <field>.
    IF sy-subrc <> 0.
      RAISE EXCEPTION not_available( ).
    ENDIF.
    <field> = object-package.
  ENDMETHOD.


  METHOD create_result.
    TRY.
        CREATE DATA result TYPE (new_result_type).
      CATCH cx_sy_create_data_error.
        TRY.
            CREATE DATA result TYPE (old_result_type).
          CATCH cx_sy_create_data_error INTO DATA(cause).
            RAISE EXCEPTION not_available( cause ).
        ENDTRY.
    ENDTRY.
  ENDMETHOD.


  METHOD files_of.
    FIELD-SYMBOLS <result> TYPE any.
    FIELD-SYMBOLS <files> TYPE ANY TABLE.
    FIELD-SYMBOLS <file> TYPE any.
    FIELD-SYMBOLS <name> TYPE any.
    FIELD-SYMBOLS <data> TYPE any.
    ASSIGN result->* TO <result>.
    ASSIGN COMPONENT 'FILES' OF STRUCTURE <result> TO <files>.
    IF sy-subrc <> 0.
      RAISE EXCEPTION not_available( ).
    ENDIF.
    LOOP AT <files> ASSIGNING <file>.
      ASSIGN COMPONENT 'FILENAME' OF STRUCTURE <file> TO <name>.
      IF sy-subrc <> 0.
        RAISE EXCEPTION not_available( ).
      ENDIF.
      ASSIGN COMPONENT 'DATA' OF STRUCTURE <file> TO <data>.
      IF sy-subrc <> 0.
        RAISE EXCEPTION not_available( ).
      ENDIF.
      APPEND VALUE #( name = <name>
                      data = <data> ) TO files.
    ENDLOOP.
  ENDMETHOD.


  METHOD not_available.
    exception = NEW #(
      code     = zif_longhaul=>code-not_available
      message  = `abapGit (developer version) is not installed, or is a version that is not known`
      previous = previous ).
  ENDMETHOD.


  METHOD service_name.
    DATA hash TYPE c LENGTH 25.
    name = key.
    TRY.
        CALL METHOD (service_class)=>('READ_SICF_URL')
          EXPORTING
            iv_obj_name = key
          RECEIVING
            rv_hash     = hash.
        name+15(25) = hash.
      CATCH cx_sy_dyn_call_error cx_static_check ##NO_HANDLER.
        " No abapGit, or no such service; the serializer will say so.
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_serializer~check_available.
    create_item( VALUE #( ) ).
    create_result( ).
  ENDMETHOD.


  METHOD zif_longhaul_serializer~serialize.
    DATA(item) = create_item( object ).
    DATA(result) = create_result( ).
    invoke( item     = item
            result   = result
            language = language ).
    files = files_of( result ).
    IF files IS INITIAL.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-git_error
          message = `abapGit gives no file for it`.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_serializer~types.
    DATA result TYPE REF TO data.
    FIELD-SYMBOLS <list> TYPE ANY TABLE.
    FIELD-SYMBOLS <type> TYPE any.
    TRY.
        TRY.
            CREATE DATA result TYPE (new_types_type).
          CATCH cx_sy_create_data_error.
            CREATE DATA result TYPE (old_types_type).
        ENDTRY.
        ASSIGN result->* TO <list>.
        CALL METHOD (objects_class)=>('SUPPORTED_LIST')
          RECEIVING
            rt_types = <list>.
      CATCH cx_sy_create_data_error cx_sy_dyn_call_error INTO DATA(cause).
        RAISE EXCEPTION not_available( cause ).
    ENDTRY.
    LOOP AT <list> ASSIGNING <type>.
      APPEND |{ <type> }| TO types.
    ENDLOOP.
  ENDMETHOD.
ENDCLASS.
