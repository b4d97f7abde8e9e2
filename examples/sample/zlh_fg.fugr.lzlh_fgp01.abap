*----------------------------------------------------------------------*
***INCLUDE LZLH_FGP01.
*----------------------------------------------------------------------*
CLASS lcl_return IMPLEMENTATION.

  METHOD from_exception.
    cl_message_helper=>set_msg_vars_for_if_t100_msg( error ).

    result = VALUE #( ( type       = 'E'
                        id         = sy-msgid
                        number     = sy-msgno
                        message    = error->get_text( )
                        message_v1 = sy-msgv1
                        message_v2 = sy-msgv2
                        message_v3 = sy-msgv3
                        message_v4 = sy-msgv4 ) ).
  ENDMETHOD.

ENDCLASS.
