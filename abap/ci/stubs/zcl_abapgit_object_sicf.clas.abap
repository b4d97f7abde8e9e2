CLASS zcl_abapgit_object_sicf DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES ty_hash TYPE c LENGTH 25.
    "! How many services were read
    CLASS-DATA count TYPE i READ-ONLY.
    "! A hash of what stands for the path here: the key, in another order
    CLASS-METHODS read_sicf_url
      IMPORTING iv_obj_name    TYPE tadir-obj_name
      RETURNING VALUE(rv_hash) TYPE ty_hash
      RAISING   zcx_abapgit_exception.
ENDCLASS.

CLASS zcl_abapgit_object_sicf IMPLEMENTATION.
  METHOD read_sicf_url.
    count = count + 1.
    IF iv_obj_name+15 = space.
      RAISE EXCEPTION TYPE zcx_abapgit_exception
        EXPORTING
          text = `there is no such service`.
    ENDIF.
    rv_hash = to_lower( reverse( condense( iv_obj_name+15 ) ) ).
  ENDMETHOD.
ENDCLASS.
