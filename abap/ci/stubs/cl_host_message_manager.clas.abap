"! Sends by what the host calls emit
CLASS cl_host_message_manager DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES if_apc_wsp_message_manager.
ENDCLASS.

CLASS cl_host_message_manager IMPLEMENTATION.
  METHOD if_apc_wsp_message_manager~create_message.
    CREATE OBJECT r_message TYPE cl_host_message.
  ENDMETHOD.

  METHOD if_apc_wsp_message_manager~send.
    DATA text TYPE string.
    DATA bytes TYPE xstring.
    TRY.
        text = i_message->get_text( ).
        WRITE '@KERNEL this.emit(text.get());'.
      CATCH cx_apc_error.
        bytes = i_message->get_binary( ).
        WRITE '@KERNEL this.emit(Buffer.from(bytes.get(), "hex"));'.
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
