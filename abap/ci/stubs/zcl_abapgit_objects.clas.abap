CLASS zcl_abapgit_objects DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES ty_serialization TYPE zif_abapgit_objects=>ty_serialization.
    TYPES ty_types_tt TYPE zif_abapgit_objects=>ty_types_tt.
    "! The files that stand in a folder; with a language as older versions want it, or as newer ones
    CLASS-METHODS serialize
      IMPORTING
        is_item                  TYPE zif_abapgit_definitions=>ty_item
        io_i18n_params           TYPE REF TO zcl_abapgit_i18n_params OPTIONAL
        iv_language              TYPE sy-langu OPTIONAL
      RETURNING
        VALUE(rs_files_and_item) TYPE zif_abapgit_objects=>ty_serialization
      RAISING
        zcx_abapgit_exception.
    CLASS-METHODS supported_list
      RETURNING VALUE(rt_types) TYPE zif_abapgit_objects=>ty_types_tt.
ENDCLASS.

CLASS zcl_abapgit_objects IMPLEMENTATION.
  METHOD serialize.
    DATA file TYPE zif_abapgit_objects=>ty_file.
    DATA count TYPE i.
    DATA why TYPE string.
    DATA language TYPE sy-langu.
    language = iv_language.
    IF io_i18n_params IS BOUND.
      language = io_i18n_params->main_language.
    ENDIF.
    IF language IS INITIAL.
      RAISE EXCEPTION TYPE zcx_abapgit_exception
        EXPORTING
          text = `there is no language`.
    ENDIF.
    rs_files_and_item-item = is_item.
    WRITE '@KERNEL const found = await globalThis.longhaul.serialize(is_item.get().obj_type.get().trimEnd(), is_item.get().obj_name.get().trimEnd(), language.get());'.
    WRITE '@KERNEL why.set(found.why ?? "");'.
    IF why IS NOT INITIAL.
      RAISE EXCEPTION TYPE zcx_abapgit_exception
        EXPORTING
          text = why.
    ENDIF.
    WRITE '@KERNEL count.set(found.files.length);'.
    DO count TIMES.
      WRITE '@KERNEL const next = found.files.shift();'.
      WRITE '@KERNEL file.get().filename.set(next.name);'.
      WRITE '@KERNEL file.get().data.set(next.data.toString("hex").toUpperCase());'.
      file-path = '/src/'.
      APPEND file TO rs_files_and_item-files.
    ENDDO.
  ENDMETHOD.

  METHOD supported_list.
    APPEND 'CLAS' TO rt_types.
    APPEND 'DEVC' TO rt_types.
    APPEND 'INTF' TO rt_types.
    APPEND 'PROG' TO rt_types.
  ENDMETHOD.
ENDCLASS.
