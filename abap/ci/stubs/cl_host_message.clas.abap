"! A message of the host: text, or bytes
CLASS cl_host_message DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES if_apc_wsp_message.
  PRIVATE SECTION.
    DATA is_text TYPE abap_bool.
    DATA text TYPE string.
    DATA bytes TYPE xstring.
ENDCLASS.

CLASS cl_host_message IMPLEMENTATION.
  METHOD if_apc_wsp_message~get_binary.
    IF is_text = abap_true.
      RAISE EXCEPTION TYPE cx_apc_error.
    ENDIF.
    r_message = bytes.
  ENDMETHOD.

  METHOD if_apc_wsp_message~get_text.
    IF is_text = abap_false.
      RAISE EXCEPTION TYPE cx_apc_error.
    ENDIF.
    r_message = text.
  ENDMETHOD.

  METHOD if_apc_wsp_message~set_binary.
    is_text = abap_false.
    bytes = i_message.
  ENDMETHOD.

  METHOD if_apc_wsp_message~set_text.
    is_text = abap_true.
    text = i_message.
  ENDMETHOD.
ENDCLASS.
